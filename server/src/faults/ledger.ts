/** Compares what clients were told with what is kept, after all that went wrong has ended. */
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { App } from '../promises/asks.ts'
import { exchange, refresh } from '../promises/asks.ts'
import type { TestAnswer } from '../testing/deployment.ts'
import type { Told } from './load.ts'
import { complaintAbout, over } from './load.ts'

type Settling = { readonly bases: readonly string[]; readonly app: App }

/** Long past the time that a server takes to come up again. */
const attemptsMax = 100

/** Repeats what has no answer, and shows that every token that was acknowledged works, at each node. */
export async function settleAll(told: readonly Told[], { bases, app }: Settling): Promise<void> {
  const waiting = [...told]
  const one = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { legacyToken, chain } = next
      if (chain.length === 0) chain.push(await insist(bases[0], (by) => exchange(by, app, legacyToken)))
      const current = chain.at(-1) ?? ''
      const said = new Set<string>()
      for (const base of bases) said.add(await insist(base, (by) => refresh(by, app, current)))
      assert.equal(said.size, 1, 'every node says the same successor')
      chain.push(...said)
    }
  }
  await Promise.all(Array.from({ length: 8 }, one))
}

async function insist(base = '', ask: (by: ReturnType<typeof over>) => Promise<TestAnswer>): Promise<string> {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const answer = await ask(over(base)).catch(() => undefined)
    const complaint = answer && complaintAbout(answer)
    assert.equal(complaint, undefined)
    if (answer?.status === 200) return String(answer.json.refresh_token)
    await pause(50)
  }
  throw new Error(`No answer in ${attemptsMax} attempts.`)
}

type Kept = { query(sql: string, values: readonly []): Promise<readonly Readonly<Record<string, unknown>>[]> }

/** One grant for each legacy token, of as many generations as its client was told, and each event once. */
export async function assertKept(told: readonly Told[], database: Kept): Promise<void> {
  const numbers = async (sql: string): Promise<readonly number[]> =>
    (await database.query(sql, [])).map((row) => Number(Object.values(row)[0]))
  const count = told.length
  assert.deepEqual(await numbers(`select count(*) from grants`), [count], 'one row per grant')
  assert.deepEqual(
    await numbers(`select count(distinct g.number) from grants g join legacy_tokens l on l.grant_number = g.number
      where l.status = 'exchanged' and g.status = 'live'`),
    [count],
    'one live grant for each legacy token',
  )
  assert.deepEqual(
    await numbers(`select count(*) from legacy_tokens where status = 'exchanged'`),
    [count],
    'no other legacy token was touched',
  )
  const generations = await numbers('select generation from grants')
  const lengths = told.map(({ chain }) => chain.length - 1)
  assert.deepEqual(sorted(generations), sorted(lengths), 'no generation that nobody was told, none lost')
  for (const kind of ['legacy_token_exchanged', 'grant_created']) {
    const of = await numbers(`select grant_number from events where kind = '${kind}'`)
    assert.equal(new Set(of).size, of.length, `${kind} is there twice`)
    if (kind === 'legacy_token_exchanged') assert.equal(of.length, count, 'every exchange has its event')
  }
  assert.deepEqual(
    await numbers(`select count(*) from (select 1 as one from connections
      group by client, user_id, organization_id having count(*) > 1) doubled`),
    [0],
    'one connection for each user and client',
  )
}

const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b)
