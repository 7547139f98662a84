import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import {
  accessTokenOf,
  asks,
  countOf,
  exchange,
  publicApp,
  refresh,
  refreshTokenOf,
  standardApp,
} from './asks.ts'

const day = 86_400_000

suite('promises: one grant, and a lost answer is never a lost token', () => {
  let here: TestDeployment
  before(async () => {
    here = await testDeployment({ mounts: ['standard'], policy: { rotate: 'always' } })
  })
  after(() => here.close())

  const times = <Result>(count: number, work: () => Promise<Result>): Promise<Result[]> =>
    Promise.all(Array.from({ length: count }, work))
  const grants = (): Promise<number> => countOf(here, 'select count(*) from grants')
  const token = (at: number): string => standardApp(here).legacyTokens[at] ?? ''

  test('one legacy authorization and app have at most one live grant, however many requests race', async () => {
    const answers = await times(100, () => exchange(asks(here), standardApp(here), token(0)))
    assert.equal(new Set(answers.map(refreshTokenOf)).size, 1)
    assert.equal(new Set(answers.map(accessTokenOf)).size, 100, 'every answer has its own access token')
    assert.equal(await grants(), 1)
    assert.equal(await countOf(here, `select count(*) from events where kind = 'legacy_token_exchanged'`), 1)
  })

  test('parallel refreshes with one token all get the same successor', async () => {
    const first = refreshTokenOf(await exchange(asks(here), standardApp(here), token(1)))
    const answers = await times(100, () => refresh(asks(here), standardApp(here), first))
    assert.equal(new Set(answers.map(refreshTokenOf)).size, 1)
    assert.notEqual(refreshTokenOf(answers[0] ?? assert.fail()), first)
  })

  test('a lost exchange is asked for again, for seven days, until the pair was used', async () => {
    const said = refreshTokenOf(await exchange(asks(here), standardApp(here), token(2)))
    here.clock.advance(7 * day - 1000)
    assert.equal(refreshTokenOf(await exchange(asks(here), standardApp(here), token(2))), said)
    here.clock.advance(1000)
    assert.equal(
      (await exchange(asks(here), standardApp(here), token(2))).status,
      400,
      'the window has closed',
    )
    refreshTokenOf(await refresh(asks(here), standardApp(here), said))

    const used = refreshTokenOf(await exchange(asks(here), standardApp(here), token(3)))
    refreshTokenOf(await refresh(asks(here), standardApp(here), used))
    const late = await exchange(asks(here), standardApp(here), token(3))
    assert.equal(late.status, 400, 'the pair was used')
    assert.match(String(late.json.error_description), /already exchanged/)
  })

  test('a client that cannot prove itself may ask again for one day', async () => {
    const said = refreshTokenOf(await exchange(asks(here), publicApp(here), token(4)))
    here.clock.advance(day - 1000)
    assert.equal(refreshTokenOf(await exchange(asks(here), publicApp(here), token(4))), said)
    here.clock.advance(1000)
    assert.equal((await exchange(asks(here), publicApp(here), token(4))).status, 400)
  })

  test('a lost refresh is asked for again until its successor was used', async () => {
    const first = refreshTokenOf(await exchange(asks(here), standardApp(here), token(5)))
    const second = refreshTokenOf(await refresh(asks(here), standardApp(here), first))
    here.clock.advance(29 * day)
    assert.equal(refreshTokenOf(await refresh(asks(here), standardApp(here), first)), second)
    const third = refreshTokenOf(await refresh(asks(here), standardApp(here), second))
    assert.equal(refreshTokenOf(await refresh(asks(here), standardApp(here), second)), third)
    assert.equal((await refresh(asks(here), standardApp(here), first)).status, 400, 'two behind is reuse')
    assert.equal((await refresh(asks(here), standardApp(here), third)).status, 400, 'and the grant has ended')
  })

  test('the predecessor after its window, of a client that cannot prove itself, ends the grant', async () => {
    const first = refreshTokenOf(await exchange(asks(here), publicApp(here), token(6)))
    const second = refreshTokenOf(await refresh(asks(here), publicApp(here), first))
    here.clock.advance(59_000)
    assert.equal(refreshTokenOf(await refresh(asks(here), publicApp(here), first)), second)
    here.clock.advance(1000)
    assert.equal((await refresh(asks(here), publicApp(here), first)).status, 400)
    assert.equal((await refresh(asks(here), publicApp(here), second)).status, 400)
    assert.equal(await countOf(here, `select count(*) from events where kind = 'refresh_token_reused'`), 2)
  })

  test('a repeat that asks for something else is refused and changes nothing', async () => {
    const said = refreshTokenOf(await exchange(asks(here), standardApp(here), token(7)))
    const differs = await exchange(asks(here), standardApp(here), token(7), {
      resource: 'https://api.example',
    })
    assert.match(String(differs.json.error_description), /something else/)
    const narrower = await exchange(asks(here), standardApp(here), token(7), { scope: 'read' })
    assert.equal(refreshTokenOf(narrower), said)
    assert.equal(narrower.json.scope, 'read')
  })

  test('under first_client, the second app is refused and the first keeps its grant', async () => {
    const said = refreshTokenOf(await exchange(asks(here), standardApp(here), token(8)))
    assert.equal((await exchange(asks(here), publicApp(here), token(8))).status, 400)
    assert.equal(refreshTokenOf(await exchange(asks(here), standardApp(here), token(8))), said)
  })

  test('rows grow with grants, not with requests', async () => {
    let current = refreshTokenOf(await exchange(asks(here), standardApp(here), token(9)))
    const rows = (): Promise<number> =>
      countOf(
        here,
        `select (select count(*) from grants) + (select count(*) from events) + (select count(*) from codes)
        + (select count(*) from revoked_access_tokens) + (select count(*) from legacy_tokens)`,
      )
    const before = await rows()
    for (let count = 0; count < 500; count += 1)
      current = refreshTokenOf(await refresh(asks(here), standardApp(here), current))
    assert.equal(await rows(), before)
    assert.equal(await countOf(here, 'select max(generation) from grants'), 500)
  })
})
