import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { suite, test } from 'node:test'
import { StoreUnavailable } from '../kernel/store.ts'
import { countOf, exchange, refresh, standardApp } from '../promises/asks.ts'
import { openPostgres } from '../storage/postgres.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { shortOrLong } from '../testing/length.ts'
import { nameIn, testDatabase } from '../testing/postgres.ts'
import type { FaultyApp } from './apps.ts'
import { appsOf, assertTrouble, dialectsInTrouble } from './apps.ts'
import type { Chance } from './chance.ts'
import { chanceOf } from './chance.ts'
import { over } from './load.ts'
import type { CuttingProxy, Direction } from './proxy.ts'
import { proxyTo } from './proxy.ts'

const cutsWanted = shortOrLong(12, 40)
const options = { timeout: shortOrLong(120_000, 600_000) }

/** Where the server of this address listens: in a folder, as it is for tests. */
const socketOf = (url: string): string => join(new URL(url).searchParams.get('host') ?? '', '.s.PGSQL.5432')

async function proxyBefore(url: string): Promise<{ readonly proxy: CuttingProxy; readonly url: string }> {
  const proxy = await proxyTo({ path: socketOf(url) })
  return { proxy, url: `postgres://tokenferry@127.0.0.1:${proxy.port}/${nameIn(url)}` }
}

type Cut = { readonly proxy: CuttingProxy; readonly bytes: number; readonly way: Direction }

const someCut = (proxy: CuttingProxy, chance: Chance, bytesMax: number): Cut => ({
  proxy,
  bytes: chance.between(0, bytesMax),
  way: chance.pick(['answers', 'requests']),
})

/** Sends it, the line is cut at some byte, and it is sent again: the answer is the one that was lost. */
async function askTwice(
  { proxy, bytes, way }: Cut,
  first: () => Promise<TestAnswer | undefined>,
  app: Pick<FaultyApp, 'dialect' | 'tokenIn'>,
  again: () => Promise<TestAnswer>,
): Promise<string> {
  proxy.cutAfter(bytes, way)
  const heard = await first()
  proxy.spare()
  if (heard && heard.status !== 200) assertTrouble(heard, app)
  const said = app.tokenIn(await again())
  if (heard?.status === 200) assert.equal(said, app.tokenIn(heard))
  return said
}

/** As many grants as legacy tokens that were sent, none of them twice, none further than it was told. */
async function assertOnce(here: TestDeployment, sent: number, refreshes: number): Promise<void> {
  assert.equal(await countOf(here, 'select count(*) from grants'), sent)
  assert.equal(await countOf(here, 'select min(generation) from grants'), refreshes)
  assert.equal(await countOf(here, 'select max(generation) from grants'), refreshes)
  const exchanged = `from events where kind = 'legacy_token_exchanged'`
  assert.equal(await countOf(here, `select count(*) ${exchanged}`), sent)
  assert.equal(await countOf(here, `select count(distinct grant_number) ${exchanged}`), sent)
}

suite('faults: lines that are cut at some byte', () => {
  test(
    'between server and PostgreSQL: 503, and the same request says what would have been said',
    options,
    async (context) => {
      const made = await testDatabase()
      const { proxy, url } = await proxyBefore(made.url)
      const config = { database: url }
      const here = await testDeployment({
        mounts: dialectsInTrouble,
        policy: { rotate: 'always' },
        backend: 'sqlite',
        config,
      })
      context.after(async () => {
        await here.close()
        await proxy.close()
        await made.remove()
      })
      const chance = chanceOf(context)
      const apps = await appsOf(here)
      let sent = 0
      while (proxy.cuts < cutsWanted) {
        const app = apps[sent % apps.length] ?? assert.fail()
        const legacyToken = app.nextLegacyToken()
        sent += 1
        const cut = () => someCut(proxy, chance, 1500)
        const send = () => app.exchange(legacyToken)
        const said = await askTwice(cut(), send, app, send)
        const renew = () => app.refresh(said)
        await askTwice(cut(), renew, app, renew)
      }
      await assertOnce(here, sent, 1)
    },
  )

  test(
    'between client and server: the same request says what was lost',
    options,
    async (context: TestContext) => {
      const here = await testDeployment({ mounts: ['standard'], policy: { rotate: 'always' } })
      const { port } = new URL(await here.app.listen({ host: '127.0.0.1', port: 0 }))
      const proxy = await proxyTo({ port: Number(port), host: '127.0.0.1' })
      context.after(async () => {
        await here.close()
        await proxy.close()
      })
      const chance = chanceOf(context)
      const app = standardApp(here)
      const ask = over(`http://127.0.0.1:${proxy.port}`)
      let sent = 0
      while (proxy.cuts < cutsWanted) {
        const legacyToken = app.legacyTokens[sent] ?? assert.fail()
        sent += 1
        const cut = () => someCut(proxy, chance, 900)
        const send = () => exchange(ask, app, legacyToken)
        const tokens = {
          dialect: 'standard',
          tokenIn: ({ json }: TestAnswer) => String(json.refresh_token),
        } as const
        const said = await askTwice(cut(), () => send().catch(() => undefined), tokens, send)
        const renew = () => refresh(ask, app, said)
        await askTwice(cut(), () => renew().catch(() => undefined), tokens, renew)
      }
      await assertOnce(here, sent, 1)
    },
  )

  test('a line on which nothing comes any more: every commit hears of it, and the next one is made', async (context) => {
    const made = await testDatabase()
    const { proxy, url } = await proxyBefore(made.url)
    const database = await openPostgres({ url, functionAfter: 2, waitMillisecondsMax: 2_000 })
    context.after(async () => {
      await database.close()
      await proxy.close()
      await made.remove()
    })
    await database.script('create table kept (value bigint primary key)')
    const put = (value: number): Promise<boolean> =>
      database.commit([{ sql: 'insert into kept values ($1) returning 1', values: [value] }])
    await Promise.all([put(1), put(2), put(3)])
    proxy.standStill()
    const stuck = await Promise.allSettled(Array.from({ length: 20 }, (_, at) => put(at + 10)))
    for (const one of stuck) {
      assert.ok(one.status === 'rejected' && one.reason instanceof StoreUnavailable, String(one.status))
    }
    await assert.rejects(database.query('select 1 as one', []), StoreUnavailable)
    proxy.goOn()
    assert.equal(await put(4), true)
    assert.equal(
      (await database.query('select count(*) as count from kept where value < 10', []))[0]?.count,
      4,
    )
  })
})
