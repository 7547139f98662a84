import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { dialects } from '../dialects/index.ts'
import { decodeBase62 } from '../kernel/base62.ts'
import { liveWebhookSecrets, openSecret } from '../kernel/callback-secrets.ts'
import type { Answer } from '../kernel/decision.ts'
import { perform } from '../kernel/kernel.ts'
import { changeCallback } from '../kernel/operations/change-callback.ts'
import { rotateCallbackSecret } from '../kernel/operations/rotate-callback-secret.ts'
import { rotateClientSecret } from '../kernel/operations/rotate-client-secret.ts'
import { fields, hmac, sha256 } from '../kernel/ring.ts'
import type { AppServer } from '../testing/app-server.ts'
import { appServer } from '../testing/app-server.ts'
import { grantedBy } from '../testing/decisions.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import { mailedCodes } from '../testing/mailed-codes.ts'
import { visitor } from '../testing/visitor.ts'
import { dump, legacyTokenType, tokenExchange, wholeDump } from './asks.ts'

type Section = Readonly<Record<string, unknown>>

suite('promises: nothing at rest can be replayed', { timeout: 300_000 }, () => {
  let here: TestDeployment
  let app: AppServer
  /** Every credential that was in play, by what it is. */
  const inPlay = new Map<string, string>()
  const nonce = 'the-nonce-of-one-sign-in'
  let digits = ''

  before(async () => {
    here = await testDeployment({
      file: true,
      mails: true,
      policy: { rotate: 'always' },
      config: {
        limits: { failures_per_minute: 10_000_000 },
        callbacks: { allow_private: ['127.0.0.0/8'] },
      },
    })
    app = await appServer()
    await play()
  })
  after(async () => {
    await here.close()
    await app.close()
  })

  const section = (name: string): Section => here.sections[name] ?? assert.fail(`${name} is not mounted`)
  const text = (name: string, member: string): string => String(section(name)[member])
  const legacy = (name: string, at: number): string => String((section(name).legacy_tokens as string[])[at])

  async function ask(name: string, path: string, form: Record<string, string>, json = false, headers = {}) {
    const answer = await here.request(text(name, 'prefix'), {
      method: 'POST',
      path,
      headers: {
        'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
        ...headers,
      },
      body: json ? JSON.stringify(form) : form,
    })
    assert.equal(answer.status, 200, `${name} ${path}: ${answer.text}`)
    for (const [member, value] of Object.entries(answer.json)) {
      if (/token$|code$/.test(member) && typeof value === 'string')
        inPlay.set(`${name} ${member} ${inPlay.size}`, value)
    }
    return answer
  }

  /** Every dialect's exchange and refresh, a code through the pages, a session, passwords, secrets. */
  async function play(): Promise<void> {
    for (const { name } of dialects) {
      for (const [member, value] of Object.entries(section(name))) {
        if (/secret|password|request_token/.test(member)) inPlay.set(`${name} ${member}`, String(value))
        if (Array.isArray(value) && /tokens$/.test(member)) inPlay.set(`${name} ${member}`, String(value[0]))
      }
    }
    await playCallbacks()
    inPlay.set('root secret', process.env[rootSecretName] ?? '')
    for (const version of here.deployment.keyRing.ring().versions) {
      for (const [purpose, key] of Object.entries(version.keys))
        inPlay.set(`ring ${purpose}`, Buffer.from(key).toString('hex'))
    }
    const refreshed = (answer: TestAnswer): string => String(answer.json.refresh_token)
    const client = (name: string) => ({
      client_id: text(name, 'client_id'),
      client_secret: text(name, 'client_secret'),
    })

    const exchange = {
      grant_type: tokenExchange,
      subject_token_type: legacyTokenType,
      subject_token: legacy('standard', 0),
    }
    const first = await ask('standard', '/oauth2/token', { ...exchange, ...client('standard') })
    await ask('standard', '/oauth2/token', {
      grant_type: 'refresh_token',
      refresh_token: refreshed(first),
      ...client('standard'),
    })
    await ask('standard', '/oauth2/revoke', { token: String(first.json.access_token), ...client('standard') })
    await ask('standard', '/oauth2/introspect', { token: legacy('standard', 0), ...client('standard') })

    const dch = {
      app_id: text('dch', 'app_id'),
      app_version: '1',
      client_secret: text('dch', 'client_secret'),
    }
    await ask('dch', '/oauth2/token', { grant_type: 'exchange_token', token: legacy('dch', 0), ...dch })

    const application = await ask('concur', '/oauth2/v0/token', {
      grant_type: 'client_credentials',
      ...client('concur'),
    })
    const path = `/appmgmt/v0/legacyApps/${text('concur', 'old_consumer_key')}/exchangeRefreshToken/me`
    const bearer = { authorization: `Bearer ${application.json.access_token}` }
    const company = await ask(
      'concur',
      path,
      { token: legacy('concur', 0), secret: text('concur', 'client_secret') },
      true,
      bearer,
    )
    await ask('concur', '/oauth2/v0/token', {
      grant_type: 'refresh_token',
      refresh_token: String(company.json.token),
      ...client('concur'),
    })
    await ask('concur', '/oauth2/v0/token', withRequestToken('concur', text('concur', 'request_token')))

    await ask('pipedrive', '/oauth/token', {
      grant_type: 'exchange_api_token',
      api_token: legacy('pipedrive', 0),
      ...client('pipedrive'),
    })

    const merchant = { merchant_uuid: text('clover', 'merchant_uuid'), app_uuid: text('clover', 'app_uuid') }
    const migrate = () =>
      ask('clover', '/oauth/token/migrate_v2', { ...merchant, auth_token: legacy('clover', 0) }, true)
    const [open, redeemed] = [await migrate(), await migrate()]
    assert.notEqual(open.json.authorization_code, redeemed.json.authorization_code)
    await ask(
      'clover',
      '/oauth/v2/token',
      {
        client_id: text('clover', 'app_uuid'),
        client_secret: text('clover', 'app_secret'),
        code: String(redeemed.json.authorization_code),
      },
      true,
    )
    await playPages(client('code'))
    await playIdentity()
    await playOneTimeCode()
    // Only an event that somebody is told of is noted as read at once, so the newest must be one.
    await ask('standard', '/oauth2/token', {
      ...exchange,
      subject_token: legacy('standard', 1),
      ...client('standard'),
    })
    await allIsTold()
  }

  /** An app whose messages are signed, by two secrets, and one to whose callback its own secret is shown. */
  async function playCallbacks(): Promise<void> {
    const { world } = here.deployment
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    const grantedTo = <Result>(answer: Answer<Result>): Result => grantedBy({ answer, writes: [] })
    for (const [name, callbackShowsSecret] of [
      ['standard', false],
      ['pipedrive', true],
    ] as const) {
      const input = { clientId: text(name, 'client_id'), callback: app.url, callbackShowsSecret, actor }
      grantedTo(await perform(changeCallback, input, world))
    }
    const signed = { clientId: text('standard', 'client_id'), overlap: 60_000, actor }
    const rotated = grantedTo(await perform(rotateCallbackSecret, signed, world))
    inPlay.set('webhook secret', rotated.secret)
    const { ring, now } = world.moment()
    const kept = await world.store.findCallbackSecrets(signed.clientId)
    const [newest, before] = liveWebhookSecrets(ring, signed.clientId, kept, now)
    assert.equal(newest, rotated.secret)
    inPlay.set('webhook secret before it', before ?? assert.fail('there is one alone'))
    const shown = { clientId: text('pipedrive', 'client_id'), callbackShowsSecret: true, actor }
    const { secret } = grantedTo(await perform(rotateClientSecret, { ...shown, overlap: undefined }, world))
    inPlay.set('client secret of which a sealed copy is kept', secret)
    const [sealed] = await world.store.findSealedSecrets(shown.clientId)
    assert.equal(openSecret(ring, shown.clientId, sealed ?? assert.fail('nothing was sealed')), secret)
  }

  /** What happened has been sent to the app, so that nothing of it is still to be written. */
  async function allIsTold(): Promise<void> {
    const { store } = here.deployment
    const newest = (await store.listEvents(0, 10_000)).at(-1)?.id
    for (;;) {
      // Some mails, such as reminders, are due only in days.
      const waiting = (await store.countDeliveries()).filter(
        ({ channel, status }) => channel === 'callback' && status === 'waiting',
      )
      if ((await store.findEventsRead()) === newest && waiting.length === 0) break
      // The outbox takes its turns by the real clock.
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.ok(app.heard.length > 0)
    for (const { headers } of app.heard) {
      for (const signature of String(headers['webhook-signature']).split(' '))
        inPlay.set(`webhook signature ${inPlay.size}`, signature.replace(/^v1,/, ''))
    }
  }

  /** One code that is redeemed and one that stays open. */
  async function playPages(client: Record<string, string>): Promise<void> {
    const user = visitor(here.app)
    const query = new URLSearchParams({
      client_id: client.client_id ?? '',
      redirect_uri: text('code', 'redirect_uri'),
      response_type: 'code',
      scope: 'read',
    })
    const hub = `/code/oauth2/authorize?${query}`
    const signIn = await user.get(hub)
    const signedIn = await user.fill(signIn, /sign-in/, {
      username: text('code', 'username'),
      password: text('code', 'password'),
    })
    const consent = await user.get(signedIn.location ?? '')
    for (const visit of [await user.fill(consent, /authorize/, { decision: 'allow' }), await user.get(hub)]) {
      const code = new URL(visit.location ?? '').searchParams.get('code') ?? assert.fail(visit.text)
      inPlay.set(`code ${inPlay.size}`, code)
    }
    const [, code = ''] = [...inPlay.values()].slice(-2)
    await ask('code', '/oauth2/token', {
      grant_type: 'authorization_code',
      code,
      redirect_uri: text('code', 'redirect_uri'),
      ...client,
    })
    for (const [name, value] of user.cookies) inPlay.set(`cookie ${name}`, value)
  }

  /** An id_token with the app's nonce, and a code beside it, which stays open: so the nonce is at rest. */
  async function playIdentity(): Promise<void> {
    const user = visitor(here.app)
    const query = new URLSearchParams({
      client_id: text('concur', 'trusted_client_id'),
      redirect_uri: text('concur', 'redirect_uri'),
      response_type: 'code id_token',
      scope: 'openid LIST',
      nonce,
    })
    const signIn = await user.get(`/concur/oauth2/v0/authorize?${query}`)
    const typed = { username: text('concur', 'username'), password: text('concur', 'password') }
    const consent = await user.get((await user.fill(signIn, /sign-in/, typed)).location ?? '')
    const allowed = await user.fill(consent, /authorize/, { decision: 'allow' })
    const told = new URLSearchParams(new URL(allowed.location ?? '').hash.slice(1))
    for (const name of ['code', 'id_token']) {
      inPlay.set(`concur ${name} beside`, told.get(name) ?? assert.fail(`no ${name}`))
    }
    for (const [name, value] of user.cookies) inPlay.set(`concur cookie ${name}`, value)
  }

  /** One that stays open. Six digits may lie anywhere by chance, so they are looked for by themselves. */
  async function playOneTimeCode(): Promise<void> {
    await ask('concur', '/oauth2/v0/otp', {
      client_id: text('concur', 'trusted_client_id'),
      client_secret: text('concur', 'trusted_client_secret'),
      channel_type: 'email',
      channel_handle: concurAddress(),
    })
    digits = await mailedCodes(here.config.mail?.folder).next()
  }

  const concurAddress = (): string => `${text('concur', 'username')}@demo.example`

  test('no value at rest is a one-time code, nor becomes one without the ring', async () => {
    const { database } = here.deployment
    const rows = [
      ...(await database.query('select * from one_time_codes', [])),
      ...(await database.query(`select * from deliveries where kind = 'one_time_code'`, [])),
    ]
    assert.equal(rows.length, 2, 'the code’s, and its mail’s')
    const values = rows.flatMap((row) => Object.values(row)).filter((value) => value !== null)
    const known = [...values.map(bytesOf), Buffer.from(concurAddress())]
    // Whoever has the database has these, and the source; all that they lack is the key.
    const messages = known.flatMap((one) => [one, fields('code', one.toString('hex'), concurAddress())])
    const tried = [...messages, ...known.flatMap((key) => messages.map((message) => hmac(key, message)))]
    for (const bytes of [...tried, ...tried.map((one) => sha256(one))]) {
      assert.notEqual(digitsOf(bytes), digits)
    }
    for (const value of values) assert.notEqual(String(value), digits)
    assert.match(digits, /^\d{6}$/)
    const logged = new RegExp(`"[^"]*(?<![\\w-])${digits}(?![\\w-])[^"]*"`)
    assert.ok(!here.logs.some((line) => logged.test(line)), 'nor does the log say it')
  })

  test('a nonce lies with its code alone, and in no log', async () => {
    assert.ok((await valuesAtRest(here)).includes(nonce), 'so it is tried as everything that there is')
    assert.ok(!here.logs.some((line) => line.includes(nonce)))
    const rows = (await wholeDump(here)).split('\n').filter((row) => row.includes(nonce))
    assert.deepEqual([...new Set(rows.map((row) => row.split(' ')[0]))], ['codes'])
  })

  test('a dump of the database, the logs and the events holds no credential that was in play', async () => {
    await here.deployment.database.query('pragma wal_checkpoint(truncate)', [])
    const bytes = readFileSync(here.path ?? '')
    const rest = {
      database: bytes.toString('latin1'),
      rows: await wholeDump(here),
      logs: here.logs.join('\n'),
    }
    assert.ok(here.logs.length > 10 && inPlay.size > 25)
    for (const [name, credential] of inPlay) {
      for (const form of formsOf(credential)) {
        for (const [place, content] of Object.entries(rest))
          assert.ok(!content.includes(form), `${name} lies in the ${place}`)
      }
    }
  })

  test('every value found at rest, tried as each kind of credential at each endpoint, opens nothing', async () => {
    const values = await valuesAtRest(here)
    assert.ok(values.length > 100)
    const state = (): Promise<string> => dump(here)
    const before = await state()
    for (const value of values) {
      for (const { name, endpoints } of dialects) {
        for (const form of attempts(name, value)) {
          for (const path of new Set(
            endpoints.map(({ route }) =>
              route.replace(/^\w+ /, '').replace(':key', text('concur', 'old_consumer_key')),
            ),
          )) {
            const json = name === 'clover' || path.includes('exchangeRefreshToken')
            const answer = await here.request(text(name, 'prefix'), {
              method: 'POST',
              path,
              headers: {
                'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
                authorization: `Bearer ${value}`,
              },
              body: json ? JSON.stringify(form) : form,
            })
            assert.ok(
              !/"(access_token|refresh_token|authorization_code|token)":"/.test(answer.text),
              `${name} ${path}: a value at rest opened it`,
            )
            assert.ok(
              !answer.text.includes('"active":true'),
              `${name} ${path}: a value at rest is an active token`,
            )
          }
        }
      }
    }
    // Usage is written a moment after it was seen; all else must stand as it stood.
    assert.ok((await state()) === before, 'nothing was changed')
  })

  /** The value as the request token of a known company. */
  function withRequestToken(name: string, password: string): Record<string, string> {
    return {
      client_id: text(name, 'trusted_client_id'),
      client_secret: text(name, 'trusted_client_secret'),
      grant_type: 'password',
      credtype: 'authtoken',
      username: text(name, 'company_id'),
      password,
    }
  }

  /** The value as the secret of a known client, and as each kind of token of a client that is proven. */
  function attempts(name: string, value: string): Record<string, string>[] {
    const id = String(section(name).client_id ?? section(name).app_id ?? section(name).app_uuid)
    const secret = String(section(name).client_secret ?? section(name).app_secret)
    const named = {
      client_id: id,
      app_id: id,
      app_uuid: id,
      app_version: '1',
      merchant_uuid: text('clover', 'merchant_uuid'),
    }
    const token = {
      refresh_token: value,
      recovery_token: value,
      code: value,
      token: value,
      api_token: value,
      auth_token: value,
      subject_token: value,
      subject_token_type: legacyTokenType,
      redirect_uri: text('code', 'redirect_uri'),
    }
    const grants = [
      'refresh_token',
      'authorization_code',
      'exchange_token',
      'exchange_api_token',
      tokenExchange,
    ]
    return [
      { ...named, client_secret: value, secret: value, grant_type: 'client_credentials' },
      ...grants.map((grant_type) => ({ ...named, ...token, client_secret: secret, secret, grant_type })),
      ...(section(name).request_token === undefined ? [] : [withRequestToken(name, value)]),
    ]
  }
})

const bytesOf = (value: unknown): Buffer => Buffer.from(value instanceof Uint8Array ? value : String(value))

/** As a code's digits are made of its HMAC. */
const digitsOf = (bytes: Uint8Array): string =>
  String(BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`) % 1_000_000n).padStart(6, '0')

/** A credential as it could lie somewhere: raw, hex, base64, and the parts that it is made of. */
function formsOf(credential: string): string[] {
  const parts: Buffer[] = [Buffer.from(credential)]
  if (credential.startsWith('tfr_')) {
    const bytes =
      decodeBase62(credential.slice(4, -6), 45) ?? assert.fail('a refresh token that cannot be read')
    // The locator and the tag are its secrets; version, masked number and generation tell nothing.
    parts.push(bytes, bytes.subarray(9, 25), bytes.subarray(29))
  }
  if (credential.startsWith('tfq_')) {
    const random = decodeBase62(credential.slice(4, -6), 32)
    parts.push(random ?? assert.fail('a request token that cannot be read'))
  }
  if (credential.startsWith('whsec_')) parts.push(Buffer.from(credential.slice(6), 'base64'))
  const signature = credential.split('.')[2]
  if (signature !== undefined) parts.push(Buffer.from(signature, 'base64url'))
  if (/^([0-9a-f]{2}){16,}$/.test(credential)) parts.push(Buffer.from(credential, 'hex'))
  else if (/^[\w-]{40,}$/.test(credential)) parts.push(Buffer.from(credential, 'base64url'))
  return parts.flatMap((bytes) => [
    bytes.toString('latin1'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ])
}

/** Distinct values of all tables that are long enough to be a secret, as text and in both encodings. */
async function valuesAtRest(here: TestDeployment): Promise<string[]> {
  const { database } = here.deployment
  const found = new Set<string>()
  const tables = await database.query(`select name from sqlite_master where type = 'table'`, [])
  for (const { name } of tables) {
    // Of hundreds of rows that nobody touched, a few stand for all; those in play are the last or the first.
    const rows = await database.query(`select * from ${name}`, [])
    const touched = rows.filter(
      (row) => row.grant_number || row.status === 'redeemed' || row.status === 'open',
    )
    for (const row of [...touched, ...rows.slice(0, 4), ...rows.slice(-4)]) {
      for (const value of Object.values(row)) {
        if (typeof value === 'string' && value.length >= 16 && !/\s/.test(value)) found.add(value)
        if (value instanceof Uint8Array)
          for (const encoding of ['hex', 'base64url'] as const)
            found.add(Buffer.from(value).toString(encoding))
      }
    }
  }
  return [...found]
}
