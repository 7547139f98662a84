/**
 * Sequences of chance, played on real deployments of both backends and compared with the model. A failure
 * prints how to run it again: `TOKENFERRY_MODEL_SEED` and `TOKENFERRY_MODEL_PATH` are its seed and its path,
 * `TOKENFERRY_MODEL_RUNS` is how many sequences there are.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Backend } from '../storage/database.ts'
import { progress, shortOrLong } from '../testing/length.ts'
import type { Step, Wish } from './model-play.ts'
import { play } from './model-play.ts'
import type { World } from './model-world.ts'
import { worldsOn } from './model-world.ts'

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]
const start = Date.UTC(2027, 6, 1, 12)

const often = <Value>(usual: Value, ...others: readonly Value[]): fc.Arbitrary<Value> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constant(usual) },
    ...others.map((other) => ({ weight: 1, arbitrary: fc.constant(other) })),
  )

const wishes: readonly (readonly [weight: number, wish: Wish['wish']])[] = [
  [24, 'exchange'],
  [40, 'refresh'],
  [14, 'again'],
  [3, 'introspect'],
  [5, 'introspect_access'],
  [1, 'give_up'],
  [2, 'give_up_access'],
  [1, 'give_up_legacy'],
  [1, 'end_grant'],
  [2, 'end_connection'],
  [5, 'allow_again'],
  [5, 'reset'],
  [1, 'end_legacy'],
  [4, 'switch'],
]

const wish: fc.Arbitrary<Wish> = fc.record({
  wish: fc.oneof(...wishes.map(([weight, name]) => ({ weight, arbitrary: fc.constant(name) }))),
  app: often(0, 1, 2, 3),
  token: fc.nat(3),
  back: often(0, 1, 2, 3),
  scopes: often<Wish['scopes']>('all', 'all', 'narrow', 'wide'),
  stolen: often(false, false, true),
  on: fc.boolean(),
  node: often<Wish['node']>(0, 1),
  lost: often(false, true),
  times: often(1, 2, 3),
})

const waits = [second, 5 * second, 59 * second, minute, hour, day, 6 * day, 29 * day]
const backwards = [-second, -5 * second, -minute, -hour, -day]

const ask: fc.Arbitrary<Step> = fc.record({
  step: fc.constant('ask'),
  wishes: fc.array(wish, { minLength: 1, maxLength: 3 }),
  cutAfter: fc.constant(undefined),
})

const calm: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 80, arbitrary: ask },
  {
    weight: 14,
    arbitrary: fc.record({
      step: fc.constant('wait'),
      milliseconds: fc.constantFrom(...waits, ...waits, ...backwards, 100 * day),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ step: 'sweep' }) },
]

/** What takes a server down takes time, too. */
const storm: readonly fc.WeightedArbitrary<Step>[] = [
  { weight: 6, arbitrary: ask.map((step) => ({ ...step, cutAfter: 0 })) },
  {
    weight: 3,
    arbitrary: fc.record({ step: fc.constant('stop'), how: fc.constantFrom('crash', 'in_order') }),
  },
  ...(['copy', 'restore', 'declare', 'rotate_keys'] as const).map((name) => ({
    weight: name === 'rotate_keys' ? 1 : 4,
    arbitrary: fc.constant<Step>({ step: name }),
  })),
]

const about = { tokens: fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 4 }), apps: fc.nat(6) }

const some = (stepsMax: number, ...kinds: readonly fc.WeightedArbitrary<Step>[]): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof(...kinds), { minLength: 1, maxLength: stepsMax, size: 'max' })

const part = some(9, ...calm)

/** The database goes back to a copy, and the operator says so, after a while. */
const restored = fc
  .tuple(part, fc.constantFrom('crash' as const, 'in_order' as const), part, part, part)
  .map(([before, how, lost, undeclared, after]): Step[] => [
    ...before,
    { step: 'stop', how },
    { step: 'copy' },
    ...lost,
    { step: 'restore' },
    ...undeclared,
    { step: 'declare' },
    ...after,
  ])

const sequences = fc.oneof(
  { weight: 6, arbitrary: fc.record({ ...about, steps: some(30, ...calm) }) },
  { weight: 1, arbitrary: fc.record({ ...about, steps: some(30, ...calm, ...storm) }) },
  { weight: 1, arbitrary: fc.record({ ...about, steps: restored }) },
)

/** A server sweeps by itself after a minute, and would surprise the model. */
const worldMillisecondsMax = 30_000

for (const [backend, count] of [
  ['sqlite', shortOrLong(120, 10_000)],
  ['postgres', shortOrLong(30, 2_000)],
] as const satisfies readonly (readonly [Backend, number])[]) {
  suite(`promises: whatever is asked, in whatever order (${backend})`, () => {
    test('the server answers and holds what the model does', async () => {
      let world: World | undefined
      let opened = 0
      let names = 0
      const worlds = await worldsOn(backend, start)
      const property = fc.asyncProperty(sequences, async (sequence) => {
        if (!world || performance.now() - opened > worldMillisecondsMax) {
          await world?.remove()
          world = await worlds.open()
          opened = performance.now()
        }
        const here = world
        here.clock.now = start
        names += 1
        if (names % 100 === 0) progress(`${names} sequences on ${backend}`)
        let isGood = false
        try {
          isGood = await play(sequence, here, `n${names}`)
        } finally {
          if (!isGood) {
            world = undefined
            await here.remove()
          }
        }
      })
      const { TOKENFERRY_MODEL_SEED: seed, TOKENFERRY_MODEL_PATH: path } = process.env
      const run = await fc.check(property, {
        numRuns: Number(process.env.TOKENFERRY_MODEL_RUNS ?? count),
        ...(seed !== undefined && { seed: Number(seed) }),
        ...(path !== undefined && { path }),
      })
      await world?.remove()
      await worlds.remove()
      if (!run.failed) return
      assert.fail(
        `${run.errorInstance}\n\n${fc.defaultReportMessage(run)}\n\nTo run it again: TOKENFERRY_MODEL_SEED=${run.seed} ` +
          `TOKENFERRY_MODEL_PATH=${run.counterexamplePath} npm test -- promises/model`,
      )
    })
  })
}
