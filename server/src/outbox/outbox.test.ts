/** The outbox over a real database, with senders that do as the test says. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { event } from '../kernel/decision.ts'
import { defaultPolicy } from '../kernel/policy.ts'
import type { Delivery, Event } from '../kernel/records.ts'
import { fields } from '../kernel/ring.ts'
import type { Store } from '../kernel/store.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import type { Database } from '../storage/database.ts'
import { migrate } from '../storage/migrate.ts'
import { sqlStore } from '../storage/sql-store.ts'
import { openSqlite } from '../storage/sqlite.ts'
import type { Clock } from '../testing/clock.ts'
import { clockAt } from '../testing/clock.ts'
import { aClient, aConnection, aLegacyToken, anOrganization, aUser, noon } from '../testing/records.ts'
import type { Channel, Outbox, OutboxOptions } from './outbox.ts'
import { settle, startOutbox } from './outbox.ts'
import { callbackPacing, jittered, mailPacing, pausesOf } from './pauses.ts'
import { hiddenId } from './plan.ts'
import type { Sender } from './sender.ts'

const someone = { actor: 'client:app', address: undefined, requestId: undefined }
const second = 1000
const day = 86_400 * second

let folder: string
let clock: Clock
let databases: Database[]
let store: Store
let outboxes: Outbox[]
let sent: Delivery[]
let logged: object[]
/** Lets go of what a sender holds on to. */
let release: () => void
let released: Promise<void>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokenferry-outbox-'))
  clock = clockAt(noon)
  databases = []
  outboxes = []
  sent = []
  logged = []
  released = new Promise((resolve) => {
    release = resolve
  })
  store = await connect()
  await store.commit([{ write: 'add_client', client: aClient(), at: noon }])
  await store.commit([{ write: 'put_organization', organization: anOrganization() }])
})
afterEach(async () => {
  release()
  for (const outbox of outboxes) await outbox.close()
  for (const database of databases) await database.close()
  rmSync(folder, { recursive: true, force: true })
})

async function connect(): Promise<Store> {
  const database = await openSqlite(join(folder, 'outbox.db'))
  databases.push(database)
  await migrate(database)
  return sqlStore(database)
}

const arrives: Sender = async (delivery) => {
  sent.push(delivery)
  return { outcome: 'sent' }
}

/** Like an address that takes a connection and says nothing. */
const hangs: Sender = async () => {
  await released
  return { outcome: 'failed', problem: 'Nothing was said.' }
}

const by = (send: Sender, changes: Partial<Channel> = {}): Channel => ({
  send,
  pacing: mailPacing,
  atOnceMax: 4,
  perClientMax: 4,
  pausesClients: false,
  ...changes,
})

function outbox(channels: OutboxOptions['channels'], own: Store = store): Outbox {
  const started = startOutbox({
    store: own,
    now: () => clock.now,
    random: randomBytes,
    rules: {
      mails: channels.mail !== undefined,
      policyOf: (client) => ({ ...defaultPolicy, confirmation: 'notify', ...client.policy }),
      wanted: ({ kind }, { callback }) =>
        callback !== undefined && kind === 'grant_created' ? 'grant.created' : undefined,
    },
    channels,
    logger: {
      info: (line) => logged.push(line),
      warn: (line) => logged.push(line),
      error: (line) => logged.push(line),
    },
  })
  outboxes.push(started)
  return started
}

let tokens = 0
const holder = (userId: string, changes: Parameters<typeof aLegacyToken>[0] = {}): Promise<void> =>
  holders([userId], changes)

/** Users, and a legacy token of each. */
async function holders(
  userIds: readonly string[],
  changes: Parameters<typeof aLegacyToken>[0] = {},
): Promise<void> {
  const user = (id: string) => aUser({ id, username: id, email: `${id}@company.example` })
  await store.importUsers(userIds.map((id) => ({ user: user(id), organizations: [], adminOf: [] })))
  const rows = userIds.map((userId) => {
    tokens += 1
    const lookup = Buffer.from(String(tokens).padStart(32, '0'))
    return aLegacyToken({ lookup, clientId: '', organizationId: 'company', userId, ...changes })
  })
  await store.importLegacyTokens(rows.map((row) => ({ ...row, alsoAs: [] })))
}

const happens = async (kind: Event['kind'], about: Parameters<typeof event>[3]): Promise<void> => {
  await store.commit([event(kind, clock.now, someone, { clientId: 'app', ...about })])
}
const exchanged = (
  userId: string,
  detail?: 'connected' | 'widened',
  organizationId = 'company',
): Promise<void> => happens('legacy_token_exchanged', { userId, organizationId, detail })

const told = (): readonly string[] => sent.map(({ kind, userId }) => `${kind} ${userId}`).sort()

suite('outbox: whom it tells', () => {
  test('the first exchange for an organization tells everybody who used the integration, each once', async () => {
    for (const userId of ['ann', 'bob', 'cyd']) await holder(userId)
    await holder('ann')
    await holder('dan', { clientId: 'app' })
    await holder('eve', { clientId: 'other' })
    await holder('far', { organizationId: 'elsewhere' })
    await holder('gus', { dialect: 'other' })
    await store.commit([
      { write: 'put_user', user: aUser({ id: 'hal', username: 'hal' }), organizations: [] },
    ])
    const one = outbox({ mail: by(arrives) })
    for (const userId of ['ann', 'ann', 'bob']) await exchanged(userId, 'connected')
    await one.run()
    const everybody = ['ann', 'bob', 'cyd', 'dan'].map((userId) => `app_installed ${userId}`)
    assert.deepEqual(told(), everybody)
    // An exchange a year later, when what was sent is long swept.
    clock.advance(365 * day)
    while (!(await store.sweep(clock.now, 1000)).done);
    await exchanged('cyd')
    await one.run()
    assert.deepEqual(told(), everybody)
  })

  test('who comes to the organization later is told with the first exchange of their own', async () => {
    await holder('ann')
    const one = outbox({ mail: by(arrives) })
    await exchanged('ann', 'connected')
    await one.run()
    await holder('bob')
    await exchanged('ann')
    await one.run()
    assert.deepEqual(told(), ['app_installed ann'])
    await exchanged('bob', 'connected')
    await one.run()
    assert.deepEqual(told(), ['app_installed ann', 'app_installed bob'])
  })

  test('the ids that go out are another deployment’s for the same thing, so they count nothing', async () => {
    await holder('ann')
    const one = outbox({ mail: by(arrives) })
    await exchanged('ann', 'connected')
    await one.run()
    const [delivery] = sent
    const ids = ['', 'another deployment', (await store.findMeta('deployment_id')) ?? '']
    const key = fields('app_installed', 'app', 'company', 'ann').toString('base64url')
    const [bare, other, own] = ids.map((id) => hiddenId(id, '', key))
    assert.equal(delivery?.id, own)
    assert.match(own ?? '', /^[\w-]{22}$/)
    assert.equal(new Set([bare, other, own]).size, 3)
  })

  test('without an organization only the user is told, and where nothing is to be confirmed nobody', async () => {
    await holder('ann', { organizationId: '' })
    await holder('bob', { organizationId: '' })
    const quiet = aClient({ id: 'quiet', policy: { confirmation: 'none' } })
    await store.commit([{ write: 'add_client', client: quiet, at: noon }])
    const one = outbox({ mail: by(arrives) })
    await exchanged('ann', 'connected', '')
    await happens('legacy_token_exchanged', { clientId: 'quiet', userId: 'bob', detail: 'connected' })
    await one.run()
    assert.deepEqual(told(), ['app_installed ann'])
  })

  test('what concerns a whole organization is told to its admins', async () => {
    await holder('ann')
    await holder('boss')
    await databases[0]?.query(`insert into memberships values ('boss', 'company', 'admin')`, [])
    const one = outbox({ mail: by(arrives) })
    await happens('connection_revoked', { organizationId: 'company' })
    await happens('connection_revoked', { organizationId: 'company', userId: 'ann' })
    await happens('sign_in_locked', { clientId: undefined, userId: 'ann' })
    await one.run()
    assert.deepEqual(told(), ['app_uninstalled ann', 'app_uninstalled boss', 'sign_in_locked ann'])
  })

  test('a connection that waits for its user is reminded of once its time has come', async () => {
    await holder('ann')
    const pending = aConnection({ userId: 'ann', organizationId: 'company', confirmation: 'pending' })
    await store.commit([{ write: 'allow_connection', connection: pending, seen: undefined }])
    const one = outbox({ mail: by(arrives) })
    await exchanged('ann', 'connected')
    await one.run()
    clock.advance((defaultPolicy.confirmationReminderSeconds ?? 0) * second - 1)
    await one.run()
    assert.deepEqual(told(), ['app_installed ann'])
    clock.advance(1)
    await one.run()
    assert.deepEqual(told(), ['app_installed ann', 'confirmation_reminder ann'])
    const reminder = sent.at(-1)
    assert.equal(reminder?.connection, pending.number)
    assert.equal(reminder?.epoch, pending.epoch)
  })

  test('one that waits again since it may do more is told of at once, each time, and reminded of later', async () => {
    await holder('ann')
    const pending = aConnection({ userId: 'ann', organizationId: 'company', confirmation: 'pending' })
    await store.commit([{ write: 'allow_connection', connection: pending, seen: undefined }])
    await store.commit([
      { write: 'announce_client', clientId: 'app', organizationId: 'company', at: clock.now },
    ])
    const one = outbox({ mail: by(arrives) })
    await exchanged('ann', 'widened')
    await one.run()
    await one.run()
    assert.deepEqual(told(), ['confirmation_reminder ann'])
    assert.deepEqual([sent[0]?.connection, sent[0]?.epoch], [pending.number, pending.epoch])
    await happens('connection_pending', { userId: 'ann', organizationId: 'company', detail: 'widened' })
    await one.run()
    assert.deepEqual(told(), Array(2).fill('confirmation_reminder ann'))
    clock.advance((defaultPolicy.confirmationReminderSeconds ?? 0) * second)
    await one.run()
    assert.deepEqual(told(), Array(4).fill('confirmation_reminder ann'))
    assert.equal(new Set(sent.map(({ id }) => id)).size, 4)
    await store.commit([{ write: 'confirm_connection', connection: pending }])
    await exchanged('ann', 'widened')
    await one.run()
    assert.equal(sent.length, 4, 'confirmed before anybody was told')
  })

  test('a plan that is longer than a commit is cut short by a crash and made again', async () => {
    await holders(Array.from({ length: 1200 }, (_, at) => `user-${at}`))
    await exchanged('user-7', 'connected')
    let commits = 1
    const dying: Store = {
      ...store,
      async commit(writes) {
        if (writes[0]?.write === 'read_events' && --commits < 0) throw new Error('The process dies here.')
        return store.commit(writes)
      },
    }
    const first = outbox(
      { mail: by(async () => ({ outcome: 'failed', problem: 'dying', isFinal: false })) },
      dying,
    )
    await first.run()
    await first.close()
    assert.equal(await store.isAnnounced('app', 'company'), false)
    assert.equal((await store.countDeliveries())[0]?.count, 500)
    clock.advance(120 * second)
    const one = outbox({ mail: by(arrives, { atOnceMax: 50, perClientMax: 50 }) })
    await one.run()
    assert.equal(new Set(told()).size, 1200)
    assert.equal(sent.length, 1200)
  })
})

suite('outbox: how it sends', () => {
  const grants = async (count: number, clientId = 'app'): Promise<void> => {
    const seen = await store.findClient(clientId)
    const client = aClient({ ...seen, id: clientId, callback: 'https://app.example/hook' })
    await store.commit([
      seen ? { write: 'change_client', client, seen } : { write: 'add_client', client, at: noon },
    ])
    for (let at = 0; at < count; at += 1) await happens('grant_created', { clientId, userId: `u${at}` })
  }

  test('two processes over one database send each thing once', async () => {
    await grants(60)
    const both = [outbox({ callback: by(arrives) }), outbox({ callback: by(arrives) }, await connect())]
    await Promise.all(both.map((one) => one.run()))
    await Promise.all(both.map((one) => one.run()))
    assert.equal(sent.length, 60)
    assert.equal(new Set(sent.map(({ id }) => id)).size, 60)
  })

  test('what failed is tried again, later each time, and given up in sight', async () => {
    await grants(1)
    let tries = 0
    const one = outbox({
      callback: by(async () => {
        tries += 1
        return { outcome: 'failed', problem: 'The address does not answer.' }
      }),
    })
    await one.run()
    await one.run()
    assert.equal(tries, 1)
    for (const pause of pausesOf(mailPacing)) {
      clock.advance(jittered(pause, 0) - 1)
      const before: number = tries
      await one.run()
      assert.equal(tries, before)
      clock.advance(jittered(pause, 1) - jittered(pause, 0) + 1)
      await one.run()
      assert.equal(tries, before + 1)
    }
    const [given] = await store.listDeliveries('given_up', { after: undefined, limit: 10 })
    assert.equal(given?.problem, 'The address does not answer.')
    assert.equal(given?.attempts, pausesOf(mailPacing).length + 1)
    assert.ok(logged.some((line) => 'status' in line && line.status === 'given_up'))
    clock.advance(day)
    await one.run()
    assert.equal(tries, pausesOf(mailPacing).length + 1)
    await store.commit([{ write: 'retry_delivery', id: given?.id ?? '', due: clock.now }])
    await one.run()
    assert.equal(tries, pausesOf(mailPacing).length + 2)
  })

  test('what a process was sending when it died goes out when its claim has run out, and not before', async () => {
    const one = outbox({ callback: by(arrives) })
    await grants(1)
    const stuck = outbox({ callback: by(hangs) }, await connect())
    void stuck.run()
    while ((await store.listDue('callback', 'app', clock.now + day, 1))[0]?.claimedBy === undefined)
      await new Promise((resolve) => setImmediate(resolve))
    await one.run()
    assert.equal(sent.length, 0)
    clock.advance(15 * second)
    await one.run()
    assert.equal(sent.length, 1)
  })

  for (const count of [1, 9, 40]) {
    test(`${count} apps that do not answer hold up no other`, { timeout: 20_000 }, async () => {
      const dead = Array.from({ length: count }, (_, at) => `dead-${at}`)
      for (const clientId of dead) await grants(8, clientId)
      const hanging: (() => void)[] = []
      const one = outbox({
        callback: by(
          (delivery) =>
            delivery.clientId?.startsWith('dead')
              ? new Promise((resolve) => {
                  hanging.push(() => resolve({ outcome: 'failed', problem: 'Nothing was said.' }))
                })
              : arrives(delivery),
          { atOnceMax: 32, perClientMax: 2, pausesClients: true },
        ),
      })
      void one.run()
      while (hanging.length < Math.min(32, 2 * count)) await new Promise((resolve) => setTimeout(resolve, 5))
      await grants(6, 'well')
      // Each of them has its time and no more: then it is the others' turn.
      while (sent.length < 6) {
        for (const end of hanging.splice(0)) end()
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      assert.equal(sent.length, 6)
      const waiting = (await store.countDeliveries()).find(({ status }) => status === 'waiting')
      assert.ok(waiting && waiting.count >= 6 * count, 'the backlog of the others is still there')
      for (const end of hanging) end()
    })
  }

  test('a mail that is about no app does not wait behind those of a whole migration', async () => {
    await holders(Array.from({ length: 300 }, (_, at) => `user-${at}`))
    await exchanged('user-7', 'connected')
    const one = outbox({
      mail: by(async (delivery) => {
        // Once the mails of the migration are under way, somebody's account is locked.
        if (sent.length === 20) await happens('sign_in_locked', { clientId: undefined, userId: 'user-1' })
        return arrives(delivery)
      }),
    })
    await one.run()
    assert.equal(sent.length, 301)
    const at = sent.findIndex(({ kind }) => kind === 'sign_in_locked')
    assert.ok(at < 60, `it was the ${at}th`)
  })

  test('what was sent is written down however long the database is locked, and sent once', async () => {
    await grants(1)
    let locked = 3
    const slow: Store = {
      ...store,
      async commit(writes) {
        if (writes[0]?.write === 'settle_delivery' && --locked >= 0) throw new StoreUnavailable('locked')
        return store.commit(writes)
      },
    }
    const one = outbox({ callback: by(arrives) }, slow)
    await one.run()
    clock.advance(60 * second)
    await one.run()
    assert.equal(sent.length, 1)
    assert.ok(locked < 0)
  })

  test('after a restore, events whose numbers come again are told under other ids', async () => {
    const one = outbox({ callback: by(arrives) })
    await grants(1)
    await one.run()
    const restored = { write: 'set_meta', key: 'restored_at', value: String(clock.now) } as const
    await store.commit([restored])
    await databases[0]?.query('delete from deliveries', [])
    await one.close()
    const read = await store.findEventsRead()
    await store.commit([{ write: 'read_events', from: read, to: 0 }])
    const after = outbox({ callback: by(arrives) })
    await after.run()
    const [first, second] = sent.map(({ id, event: number }) => ({ id, number }))
    assert.equal(first?.number, second?.number)
    assert.notEqual(first?.id, second?.id)
  })

  test('a sender that throws is trouble of ours, logged, and tried again', async () => {
    await grants(1)
    let throws = true
    const one = outbox({
      callback: by(async (delivery) => {
        if (throws) throw new Error('no')
        return arrives(delivery)
      }),
    })
    await one.run()
    assert.ok(logged.some((line) => 'reason' in line && line.reason === 'internal'))
    throws = false
    clock.advance(day)
    await one.run()
    assert.equal(sent.length, 1)
  })
})

suite('outbox: pauses', () => {
  test('they grow up to a longest and end after their time: a day of mail, three of calls', () => {
    for (const pacing of [mailPacing, callbackPacing]) {
      const pauses = pausesOf(pacing)
      assert.equal(pauses[0], pacing.firstSeconds)
      assert.equal(
        pauses.reduce((sum, pause) => sum + pause, 0),
        pacing.totalSeconds,
      )
      assert.ok(Math.max(...pauses) <= pacing.longestSeconds)
    }
    assert.deepEqual([jittered(10, 0), jittered(10, 0.5), jittered(10, 1)], [8000, 10_000, 12_000])
  })

  test('whoever asks for more time gets it, and what is final is not tried again', () => {
    const failed = { outcome: 'failed', problem: 'later' } as const
    const settled = (changes: object, attempts = 1) =>
      settle({ ...failed, ...changes }, attempts, mailPacing, noon, 0.5)
    assert.deepEqual(settled({}), { status: 'waiting', due: noon + 60_000, problem: 'later' })
    assert.equal(settled({ retryAfterSeconds: 3600 }).due, noon + 3_600_000)
    assert.equal(settled({ isFinal: true }).status, 'given_up')
    assert.equal(settled({}, 1000).status, 'given_up')
    assert.equal(settle({ outcome: 'dropped', problem: 'gone' }, 1, mailPacing, noon, 0).status, 'dropped')
  })
})
