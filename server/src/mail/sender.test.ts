import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { Email } from 'postal-mime'
import PostalMime from 'postal-mime'
import type { Brand } from '../brand.ts'
import { event } from '../kernel/decision.ts'
import type { OneTimeCode } from '../kernel/one-time-code.ts'
import { sayOneTimeCode } from '../kernel/one-time-code.ts'
import type { Policy } from '../kernel/policy.ts'
import { defaultPolicy } from '../kernel/policy.ts'
import type { Connection, Delivery, MailKind, User } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import type { Outcome } from '../outbox/sender.ts'
import type { Database } from '../storage/database.ts'
import { migrate } from '../storage/migrate.ts'
import { sqlStore } from '../storage/sql-store.ts'
import { openSqlite } from '../storage/sqlite.ts'
import {
  aClient,
  aConnection,
  aDelivery,
  aGrant,
  aMoment,
  anOrganization,
  aOneTimeCode,
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../testing/records.ts'
import { folderTransport } from './folder.ts'
import type { MailSenderOptions } from './sender.ts'
import { mailSender } from './sender.ts'

const brand: Brand = {
  name: 'Acme',
  support: 'mailto:help@acme.example',
  colours: { light: { accent: '#0b5c7f', over: '#084863' }, dark: { accent: '#66c1e6', over: '#8ed3ef' } },
}
const alice = aUser({ email: 'alice@one.example', name: 'Alice Sample' })
const pending = aConnection({
  organizationId: 'company',
  confirmation: 'pending',
  scopes: ['deals:read', 'other'],
  liveGrants: [101],
})

const version = aRingVersion()
const moment = aMoment(aRing([version]))

const policy = (changes: Partial<Policy>): Policy => ({
  ...defaultPolicy,
  confirmation: 'notify',
  ...changes,
})

const delivery = (kind: MailKind, changes: Partial<Delivery> = {}): Delivery =>
  aDelivery({
    id: `delivery of ${kind}`,
    channel: 'mail',
    kind,
    organizationId: 'company',
    connection: pending.number,
    epoch: pending.epoch,
    event: undefined,
    ...changes,
  })

suite('mail: what is sent of a delivery', () => {
  let database: Database
  let store: Store
  let folder: string
  let warned: object[]

  beforeEach(async () => {
    database = await openSqlite(':memory:')
    await migrate(database)
    store = sqlStore(database)
    folder = mkdtempSync(join(tmpdir(), 'tokenferry-sender-'))
    warned = []
    await store.commit([
      {
        write: 'add_client',
        client: aClient({ name: 'Deal Sync', maker: 'Northwind', scopes: ['a', 'b'] }),
        at: noon,
      },
      { write: 'put_organization', organization: anOrganization({ name: 'Sample company' }) },
    ])
    await putAlice({})
  })
  afterEach(async () => {
    await database.close()
    rmSync(folder, { recursive: true })
  })

  const putAlice = (changes: Partial<User>) =>
    store.commit([{ write: 'put_user', user: { ...alice, ...changes }, organizations: ['company'] }])
  const connect = (connection: Connection) =>
    store.commit([{ write: 'allow_connection', connection, seen: undefined }])
  const revoke = (connection: Connection) => store.commit([{ write: 'revoke_connection', connection }])

  const send = (one: Delivery, options: Partial<MailSenderOptions> = {}): Promise<Outcome> =>
    mailSender({
      store,
      moment: () => moment,
      transport: folderTransport(folder),
      publicUrl: 'https://auth.acme.example',
      from: { name: 'Acme', address: 'no-reply@acme.example' },
      brand,
      language: 'en',
      scopes: { 'deals:read': { en: 'See your deals', de: 'Ihre Deals ansehen' } },
      policyOf: () => policy({}),
      logger: { warn: (fields) => void warned.push(fields) },
      ...options,
    })(one)

  function freshFolder(): void {
    rmSync(folder, { recursive: true })
    folder = mkdtempSync(join(tmpdir(), 'tokenferry-sender-'))
  }

  /** What the mail says of an end that this event tells of. */
  async function uninstalledBy(
    actor: string,
    about: { readonly userId?: string },
    changes: Partial<Delivery> = {},
  ): Promise<string> {
    const by = { actor, address: undefined, requestId: undefined }
    const where = { clientId: 'app', organizationId: 'company', ...about }
    await store.commit([event('connection_revoked', noon, by, where)])
    const [last] = (await store.listEvents(0, 100)).slice(-1)
    freshFolder()
    await send(delivery('app_uninstalled', { event: last?.id, ...changes }))
    return ((await arrived()).text ?? '').replaceAll('\n', ' ')
  }

  /** The only mail that has gone out. */
  async function arrived(): Promise<Email> {
    const names = readdirSync(folder)
    assert.equal(names.length, 1)
    return PostalMime.parse(readFileSync(join(folder, names[0] ?? '')))
  }

  async function isDropped(one: Delivery, problem: string, options: Partial<MailSenderOptions> = {}) {
    assert.deepEqual(await send(one, options), { outcome: 'dropped', problem })
    assert.deepEqual(readdirSync(folder), [])
  }

  test('installed: the app, its maker, the organization and the scopes in the words of the operator', async () => {
    await connect(pending)
    assert.deepEqual(await send(delivery('app_installed')), { outcome: 'sent' })
    const { subject, text = '', to, from, replyTo, date } = await arrived()
    assert.equal(subject, '“Deal Sync” is now installed as an app: please confirm it')
    assert.deepEqual(to, [{ name: 'Alice Sample', address: 'alice@one.example' }])
    assert.deepEqual(from, { name: 'Acme', address: 'no-reply@acme.example' })
    assert.deepEqual(replyTo, [{ name: '', address: 'help@acme.example' }])
    assert.equal(date, new Date(noon).toISOString())
    assert.match(text, /“Deal Sync” by “Northwind”/)
    assert.match(text, /“Sample company”/)
    assert.match(text, /- See your deals\n- other\n/)
  })

  test('the language is the user’s, else the operator’s', async () => {
    await connect(pending)
    await putAlice({ language: 'de-AT' })
    await send(delivery('app_installed'))
    assert.match((await arrived()).text ?? '', /- Ihre Deals ansehen/)
    await putAlice({ language: 'tlh' })
    await send(delivery('app_installed'), { language: 'de' })
    assert.match((await arrived()).subject ?? '', /ist jetzt als App installiert/)
  })

  test('sent twice, it is one mail under one Message-ID', async () => {
    await connect(pending)
    await send(delivery('app_installed'))
    const { messageId } = await arrived()
    await send(delivery('app_installed', { attempts: 3 }))
    assert.equal((await arrived()).messageId, messageId)
  })

  test('nobody who is gone, disabled or without an address that can be used is written to', async () => {
    await connect(pending)
    await isDropped(delivery('app_installed', { userId: 'nobody' }), 'the user is gone')
    await putAlice({ status: 'disabled' })
    await store.commit([{ write: 'set_status', record: 'users', id: 'user', status: 'disabled' }])
    await isDropped(delivery('sign_in_locked'), 'the user is disabled')
    await store.commit([{ write: 'set_status', record: 'users', id: 'user', status: 'enabled' }])
    await putAlice({ email: undefined })
    await isDropped(delivery('sign_in_locked'), 'the user has no mail address')
    await putAlice({ email: 'alice@one.example, bob@one.example' })
    await isDropped(delivery('sign_in_locked'), 'the mail address of the user cannot be used')
  })

  test('installed: dropped where it was uninstalled meanwhile, or nobody need confirm any more', async () => {
    await connect(pending)
    await isDropped(delivery('app_installed'), 'the policy wants no confirmation any more', {
      policyOf: () => policy({ confirmation: 'none' }),
    })
    await isDropped(delivery('app_installed', { clientId: 'other' }), 'the app is gone')
    await revoke(pending)
    await isDropped(delivery('app_installed'), 'the app was uninstalled meanwhile')
  })

  test('installed: who has confirmed meanwhile is not asked again', async () => {
    await connect({ ...pending, confirmation: 'confirmed' })
    await send(delivery('app_installed'))
    assert.match((await arrived()).text ?? '', /You have confirmed it already/)
  })

  test('installed: whose own access is not moved over yet hears what the app may do at most', async () => {
    await send(delivery('app_installed'), { policyOf: () => policy({ confirmation: 'required' }) })
    const { text: sent = '' } = await arrived()
    assert.match(sent, /- a\n- b\n/)
    const text = sent.replaceAll('\n', ' ')
    assert.match(text, /once it has moved your own access over/)
    assert.match(text, /ask an admin of “Sample company”, or write to help@acme\.example/)
    assert.doesNotMatch(text, /cannot reach your data|uninstall it\./)
  })

  test('installed: of an app for the whole organization, members hear that an admin confirms it', async () => {
    await connect({ ...pending, userId: '' })
    await send(delivery('app_installed'))
    assert.match((await arrived()).text ?? '', /An admin of\s“Sample\scompany”\sconfirms/)
  })

  test('a reminder goes while the same connection waits, and not a moment longer', async () => {
    await connect(pending)
    const reminder = delivery('confirmation_reminder')
    assert.deepEqual(await send(reminder), { outcome: 'sent' })
    assert.match((await arrived()).subject ?? '', /^“Deal Sync” is waiting/)
    freshFolder()
    await isDropped({ ...reminder, epoch: 0 }, 'the app was uninstalled meanwhile')
    await isDropped({ ...reminder, connection: 99 }, 'the app was uninstalled meanwhile')
    await store.commit([{ write: 'confirm_connection', connection: pending }])
    await isDropped(reminder, 'the app was confirmed meanwhile')
    await revoke(pending)
    await isDropped(reminder, 'the app was uninstalled meanwhile')
  })

  test('no reminder of an app that has given up all it had: there is nothing to confirm', async () => {
    const grant = aGrant({ number: 101, connection: pending.number, organizationId: 'company' })
    await store.commit([
      { write: 'allow_connection', connection: pending, seen: undefined },
      { write: 'add_grant', grant },
    ])
    await store.commit([{ write: 'end_grant', number: 101, reason: 'revoked' }])
    await isDropped(delivery('confirmation_reminder'), 'the app has given up its access meanwhile')
  })

  test('uninstalled: it happened, so it is told, whatever came after', async () => {
    await connect(pending)
    await revoke(pending)
    assert.deepEqual(await send(delivery('app_uninstalled')), { outcome: 'sent' })
    const { subject, text = '' } = await arrived()
    assert.equal(subject, '“Deal Sync” has been uninstalled')
    assert.match(text.replaceAll('\n', ' '), /was uninstalled on 1 July 2026 at 12:00 UTC/)
    assert.doesNotMatch(text, /from “Sample company”/)
  })

  test('uninstalled: it says who did it, and warns whoever could have done it', async () => {
    await connect(pending)
    for (const [actor, said, isWarned] of [
      ['user:user', /“Deal Sync” by “Northwind” was uninstalled on/, true],
      ['user:admin', /an admin of “Sample company” uninstalled “Deal Sync” by “Northwind” for you/, false],
      ['client:app', /“Deal Sync” ended its access itself/, false],
      ['client:other', /Acme ended the access of “Deal Sync”/, false],
      ['operator', /Acme ended the access of “Deal Sync”/, false],
    ] as const) {
      const text = await uninstalledBy(actor, { userId: 'user' })
      assert.match(text, said)
      assert.equal(/If this was not you/.test(text), isWarned)
      assert.equal(/account\/sessions/.test(text), isWarned)
      assert.doesNotMatch(text, /whole organization/)
    }
  })

  test('uninstalled: what was for the whole organization is told so, and what was not, is not', async () => {
    await connect(pending)
    // A connection of the organization itself has no user.
    assert.match(await uninstalledBy('user:admin', {}), /for the whole organization/)
    assert.match(await uninstalledBy('user:user', {}), /was uninstalled from “Sample company”/)
    const actor = { actor: 'user:admin', address: undefined, requestId: undefined }
    const there = { organizationId: 'company', clientId: 'app' }
    await store.commit([{ write: 'bar_client', ...there, by: undefined, at: noon, actor }])
    const barred = await uninstalledBy('user:admin', { userId: 'user' })
    assert.match(barred, /for the whole organization/)
    assert.match(barred, /until an admin allows it/)
    const earlier = await uninstalledBy('user:admin', { userId: 'user' }, { at: noon - 1 })
    assert.match(earlier, /for you/)
    assert.match(earlier, /until an admin allows it/)
  })

  test('who signs in at the provider is sent there for another password', async () => {
    const provider = { name: 'Acme ID', isOnlyWay: false }
    await send(delivery('app_uninstalled'), { provider })
    assert.match(((await arrived()).text ?? '').replaceAll('\n', ' '), /change your password at Acme ID/)
  })

  test('who waits under a policy that requires it is told what the app reaches meanwhile', async () => {
    await connect(pending)
    for (const [legacyAfterExchange, said] of [
      ['keep', /its old API token still does\. To end both, uninstall it/],
      ['retire_on_first_use', /its old API token still does\. To end both, uninstall it/],
      [{ retireAfterSeconds: 60 }, /its old API token still does, for a limited time/],
      ['retire', /the app cannot reach your data/],
    ] as const) {
      for (const kind of ['app_installed', 'confirmation_reminder'] as const) {
        freshFolder()
        await send(delivery(kind), {
          policyOf: () => policy({ confirmation: 'required', legacyAfterExchange }),
        })
        assert.match(((await arrived()).text ?? '').replaceAll('\n', ' '), said)
      }
    }
  })

  test('locked: says until when, where it still is', async () => {
    await send(delivery('sign_in_locked', { clientId: undefined, organizationId: undefined }))
    assert.match((await arrived()).text ?? '', /was blocked for a while/)
  })

  const code = aOneTimeCode({ keyVersion: version.version })
  const codeDelivery = delivery('one_time_code', {
    clientId: undefined,
    organizationId: undefined,
    oneTimeCode: code.id,
  })
  const addCode = (changes: Partial<OneTimeCode> = {}) =>
    store.commit([{ write: 'add_one_time_code', code: { ...code, ...changes }, unexpiredMax: 5 }])

  test('a one-time code is computed as it goes, and names the app that asked', async () => {
    await addCode()
    assert.deepEqual(await send(codeDelivery), { outcome: 'sent' })
    const { subject = '', text = '', html = '' } = await arrived()
    const digits = sayOneTimeCode(version, code.id, 'alice@one.example')
    assert.ok(text.includes(`\n    ${digits}\n`) && html.includes(digits))
    assert.match(text, /“Deal Sync” by “Northwind”/)
    assert.equal(subject, 'Your code for “Deal Sync”')
  })

  test('a one-time code that is used up, taken back or late does not go, nor one of a lost key', async () => {
    const late = 'the one-time code has expired, was used or taken back'
    await isDropped(codeDelivery, late)
    await addCode()
    await isDropped(codeDelivery, late, { moment: () => aMoment(aRing([version]), code.expires) })
    const gone = aRing([], { destroyed: new Set([code.keyVersion]) })
    await isDropped(codeDelivery, 'the key of the one-time code is gone', { moment: () => aMoment(gone) })
    await store.commit([{ write: 'put_user', user: alice, organizations: [] }])
    const unread = await send(codeDelivery, { moment: () => aMoment(aRing([])) })
    assert.equal(unread.outcome, 'failed')
    await addCode({ id: Buffer.alloc(16, 8), guesses: 5 })
    await isDropped({ ...codeDelivery, oneTimeCode: Buffer.alloc(16, 8) }, late)
    await addCode({ id: Buffer.alloc(16, 9), status: 'revoked' })
    await isDropped({ ...codeDelivery, oneTimeCode: Buffer.alloc(16, 9) }, late)
  })

  test('trouble that the operator must mend is logged, without anybody’s address', async () => {
    await connect(pending)
    const transport = folderTransport('/proc/nowhere')
    const outcome = await send(delivery('app_installed'), { transport })
    assert.ok(outcome.outcome === 'failed' && !outcome.isFinal)
    assert.equal(warned.length, 1)
    assert.ok(!JSON.stringify([warned, outcome]).includes('alice'))
  })
})
