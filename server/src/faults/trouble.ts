/** The course of every trouble: all is well before, clients hear of it while it lasts, all is well after. */
import assert from 'node:assert/strict'
import { countOf } from '../promises/asks.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import type { FaultyApp } from './apps.ts'
import { assertTrouble } from './apps.ts'

export type Trouble = {
  begin(): unknown
  end(): unknown
  /** Some requests still succeed while it lasts, such as those that need no more room. */
  readonly isPartial?: boolean
}

const exchangesMax = 40

type Met = {
  readonly app: FaultyApp
  /** Each legacy token that was sent meanwhile, and what was said for it. */
  readonly sent: ReadonlyMap<string, string | undefined>
  /** The newest refresh token that was acknowledged, of the grant from before. */
  readonly current: string
}

export async function goThrough(
  here: TestDeployment,
  apps: readonly FaultyApp[],
  trouble: Trouble,
): Promise<void> {
  const held: { readonly app: FaultyApp; readonly current: string }[] = []
  for (const app of apps) held.push({ app, current: app.tokenIn(await app.exchange(app.nextLegacyToken())) })
  await trouble.begin()
  let met: readonly Met[] = []
  try {
    met = await Promise.all(held.map(({ app, current }) => meet(app, current, trouble.isPartial === true)))
  } finally {
    await trouble.end()
  }
  for (const one of met) await assertWell(one)
  const exchanged = await countOf(here, `select count(*) from legacy_tokens where status = 'exchanged'`)
  assert.equal(await countOf(here, 'select count(*) from grants'), exchanged)
  assert.equal(await countOf(here, events), exchanged, 'every exchange has its event')
  assert.equal(await countOf(here, eventful), exchanged, 'and has it once')
}

const events = `select count(*) from events where kind = 'legacy_token_exchanged'`
const eventful = `select count(distinct grant_number) from events where kind = 'legacy_token_exchanged'`

/** Exchanges until the app hears of the trouble, and refreshes what it holds. */
async function meet(app: FaultyApp, current: string, isPartial: boolean): Promise<Met> {
  const sent = new Map<string, string | undefined>()
  for (;;) {
    const legacyToken = app.nextLegacyToken()
    const answer = await app.exchange(legacyToken)
    sent.set(legacyToken, answer.status === 200 ? app.tokenIn(answer) : undefined)
    if (answer.status === 200 && isPartial && sent.size < exchangesMax) continue
    assertTrouble(answer, app)
    break
  }
  const answer = await app.refresh(current)
  if (answer.status === 200 && isPartial) return { app, sent, current: app.tokenIn(answer) }
  assertTrouble(answer, app)
  return { app, sent, current }
}

/** The same requests at once succeed, and what was acknowledged is said again. */
async function assertWell({ app, sent, current }: Met): Promise<void> {
  for (const [legacyToken, said] of sent) {
    const again = app.tokenIn(await app.exchange(legacyToken))
    assert.equal(again, said ?? again, `${app.dialect}: an acknowledged token became another`)
    app.tokenIn(await app.refresh(again))
  }
  app.tokenIn(await app.refresh(current))
}
