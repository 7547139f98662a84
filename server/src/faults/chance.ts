/** Chance that can be had again: all of it comes of one seed, which the test prints. */
import { randomInt } from 'node:crypto'
import type { TestContext } from 'node:test'

export type Chance = {
  /** From `from` up to, but not including, `to`. */
  between(from: number, to: number): number
  pick<Item>(items: readonly [Item, ...Item[]]): Item
  /** Chance of its own for one of many, whatever the order in which they ask. */
  fork(of: number): Chance
}

/** The seed that `TOKENFERRY_TEST_SEED` names, or a new one. */
export function chanceOf(context: Pick<TestContext, 'diagnostic'>): Chance {
  const seed = Number(process.env.TOKENFERRY_TEST_SEED ?? randomInt(2 ** 31))
  context.diagnostic(`TOKENFERRY_TEST_SEED=${seed}`)
  return chanceFrom(seed)
}

function chanceFrom(seed: number): Chance {
  let state = seed >>> 0
  // Mulberry32: a few lines, and good enough to choose victims and moments by.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from))
  return {
    between,
    pick: (items) => items[between(0, items.length)] ?? items[0],
    fork: (of) => chanceFrom(Math.imul(seed ^ 0x9e3779b9, of + 1)),
  }
}
