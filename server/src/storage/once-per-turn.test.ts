import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { oncePerTurn } from './once-per-turn.ts'

/** Answers with how often it was asked for this key. */
function counting() {
  const counts = new Map<string, number>()
  return async (key: string): Promise<number> => {
    counts.set(key, (counts.get(key) ?? 0) + 1)
    return counts.get(key) ?? 0
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

suite('once per turn', () => {
  test('asks once for one key in one turn, and for each key', async () => {
    const once = oncePerTurn(counting())
    assert.deepEqual(await Promise.all([once('a'), once('b'), once('a'), once('a')]), [1, 1, 1, 1])
  })

  test('asks again in the next turn', async () => {
    const once = oncePerTurn(counting())
    await once('a')
    await nextTurn()
    assert.equal(await once('a'), 2)
  })

  test('asks again after a write, in the same turn', async () => {
    const once = oncePerTurn(counting())
    await once('a')
    once.forget()
    assert.equal(await once('a'), 2)
  })

  test('what failed is asked again in the next turn', async () => {
    let fails = true
    const once = oncePerTurn(async () => {
      if (fails) throw new Error('away')
      return 'here'
    })
    await assert.rejects(once('a'), /away/)
    fails = false
    await nextTurn()
    assert.equal(await once('a'), 'here')
  })
})
