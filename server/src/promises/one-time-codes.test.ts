/** A code by mail: it comes at once, is good once, and whoever guesses ends at a lock, not at a token. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Email } from 'postal-mime'
import PostalMime from 'postal-mime'
import { sha256 } from '../kernel/ring.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import type { MailServer } from '../testing/mail-server.ts'
import { mailServer } from '../testing/mail-server.ts'
import { codeIn } from '../testing/mailed-codes.ts'
import { aUser } from '../testing/records.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'

type Form = Readonly<Record<string, string>>
type Ask = (path: string, form: Form, address?: string) => Promise<Pick<TestAnswer, 'status' | 'json'>>

const minute = 60_000
const people = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
const addressOf = (person: string): string => `${person}@people.example`

const mailOver = (port: number) => ({
  from: 'Company <no-reply@company.example>',
  smtp: { host: '127.0.0.1', port, tls: 'none' },
})

/** The sample's app that may use codes, and another one that now may, too. */
async function prepare({ deployment: { store }, sections }: TestDeployment): Promise<readonly Form[]> {
  const { concur = { prefix: '' } } = sections
  const form = (id: string, secret: string): Form => ({
    client_id: String(Reflect.get(concur, id)),
    client_secret: String(Reflect.get(concur, secret)),
  })
  const apps = [form('trusted_client_id', 'trusted_client_secret'), form('client_id', 'client_secret')]
  const seen = await store.findClient(apps[1]?.client_id ?? '')
  assert.ok(seen)
  await store.commit([
    { write: 'change_client', client: { ...seen, policy: { directGrants: ['otp'] } }, seen },
  ])
  for (const person of people) {
    const user = aUser({ id: person, username: person, email: addressOf(person) })
    await store.commit([{ write: 'put_user', user, organizations: [] }])
  }
  return apps
}

/** What came for somebody, in the order in which it came; waits for the next. */
function inbox(mail: () => MailServer) {
  const read = new Map<string, number>()
  return async (person: string): Promise<Email & { readonly code: string }> => {
    const to = addressOf(person)
    const at = read.get(to) ?? 0
    read.set(to, at + 1)
    const since = performance.now()
    for (;;) {
      const found = mail().taken.filter((one) => one.to === to)[at]
      if (found) {
        const email = await PostalMime.parse(found.bytes)
        return { ...email, code: codeIn(email.text ?? '') ?? '' }
      }
      assert.ok(performance.now() - since < 5000, 'no mail came within five seconds')
      await pause(20)
    }
  }
}

const otherThan = (code: string, at = 1): string => String((Number(code) + at) % 1_000_000).padStart(6, '0')
const codesOf = (answers: readonly Pick<TestAnswer, 'status' | 'json'>[]): readonly unknown[] =>
  answers.map(({ status, json }) => (status === 200 ? 200 : json.code))
const countIn = (codes: readonly unknown[], code: unknown): number =>
  codes.filter((one) => one === code).length

suite('promises: one-time codes', { timeout: 120_000 }, () => {
  let here: TestDeployment
  let mail: MailServer
  let [app, other]: readonly Form[] = []
  const next = inbox(() => mail)
  const codes: string[] = []

  const ask = (path: string, form: Form): Promise<TestAnswer> =>
    here.request('/concur', { path: `/oauth2/v0/${path}`, body: form })
  const channel = (person: string): Form => ({ channel_handle: addressOf(person), channel_type: 'email' })
  const send = (person: string, more: Form = {}, as = app) =>
    ask('otp', { ...as, ...channel(person), ...more })
  const redeem = (person: string, otp: string, more: Form = {}, as = app) =>
    ask('token', { grant_type: 'otp', ...as, ...channel(person), otp, ...more })
  const mailed = async (person: string, more: Form = {}): Promise<string> => {
    assert.equal((await send(person, more)).status, 200)
    const { code } = await next(person)
    assert.match(code, /^\d{6}$/)
    codes.push(code)
    return code
  }

  before(async () => {
    mail = await mailServer()
    here = await testDeployment({ mounts: ['concur'], file: true, config: { mail: mailOver(mail.port) } })
    ;[app, other] = await prepare(here)
  })
  after(async () => {
    await here.close()
    await mail.close()
  })

  test('it is mailed within seconds, says which app asked, and is traded for a pair that refreshes', async () => {
    const sent = await send('one', { device: 'phone' })
    assert.deepEqual([sent.status, sent.json], [200, { message: 'otp sent' }])
    const { subject = '', text = '', html = '', code } = await next('one')
    codes.push(code)
    assert.ok(!subject.includes(code) && html.includes(code))
    assert.match(text, /“Sample app of our own” by “Sample Software”/)
    const pair = await redeem('one', code, { device: 'phone', scope: 'LIST' })
    assert.equal(pair.status, 200)
    assert.equal(pair.json.scope, 'LIST')
    const form = { grant_type: 'refresh_token', refresh_token: String(pair.json.refresh_token), ...app }
    assert.equal((await ask('token', form)).status, 200)
    assert.equal((await redeem('one', code, { device: 'phone' })).json.code, 83)
  })

  test('an address is the same in capitals, and one that nobody has is said to be none', async () => {
    const code = await mailed('two')
    assert.equal((await redeem('nobody', code)).json.code, 55)
    assert.equal((await send('nobody')).json.code, 55)
    assert.equal((await redeem('two', code, { channel_handle: 'TWO@People.example' })).status, 200)
  })

  test('five wrong ones end a code, the right one then is one too many', async () => {
    const code = await mailed('three')
    for (let guess = 1; guess <= 5; guess += 1)
      assert.equal((await redeem('three', otherThan(code, guess))).json.code, 85)
    assert.equal((await redeem('three', code)).json.code, 83)
    assert.equal((await redeem('three', otherThan(code))).json.code, 83)
    assert.equal((await here.deployment.store.findUser('three'))?.lockedUntil, undefined)
  })

  test('it holds for ten minutes, and not a moment longer', async () => {
    const [first, second] = [await mailed('four'), await mailed('four')]
    here.clock.advance(10 * minute - 1)
    assert.equal((await redeem('four', first)).status, 200)
    here.clock.advance(1)
    assert.equal((await redeem('four', second)).json.code, 83)
  })

  test('the app’s own parameters must be repeated, all of them; a code of another app is none', async () => {
    const code = await mailed('five', { device: 'phone', state: 'x' })
    for (const more of [{}, { device: 'phone' }, { device: 'phone', state: 'y' }] as const)
      assert.equal((await redeem('five', code, more)).json.code, 84)
    const whole = { state: 'x', device: 'phone' }
    assert.equal((await redeem('five', code, { ...whole, extra: '1' })).json.code, 84)
    assert.equal((await redeem('five', code, whole, other)).json.code, 83)
    // What either endpoint knows itself is none of the app's own.
    assert.equal((await redeem('five', code, { ...whole, scope: 'LIST', link: 'x' })).status, 200)
  })

  test('more parameters than anybody needs are refused, at either endpoint', async () => {
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`p${at}`, 'x']))
    const { p0: _, ...most } = many
    for (const more of [many, { p: 'x'.repeat(1001) }, { ['p'.repeat(101)]: 'x' }]) {
      assert.equal((await send('six', more)).json.code, 135)
      assert.equal((await redeem('six', '123456', more)).json.code, 135)
    }
    assert.equal((await redeem('six', await mailed('six', most), most)).status, 200)
  })

  test('a user gets five of an app in ten minutes, and more when their time is over', async () => {
    for (let at = 0; at < 5; at += 1) await mailed('seven')
    assert.equal((await send('seven')).json.code, 82)
    assert.equal((await send('seven', {}, other)).status, 200)
    await next('seven')
    here.clock.advance(10 * minute)
    await mailed('seven')
  })

  test('no code lies in the database, nor its hash, nor in the log', async () => {
    assert.ok(codes.length >= 10)
    const { database } = here.deployment
    const rows: string[] = [...here.logs]
    for (const name of await database.tables())
      for (const row of await database.query(`select * from ${name}`, []))
        rows.push(
          ...Object.values(row).map((value) =>
            value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
          ),
        )
    for (const code of codes) {
      const alone = new RegExp(`(?<!\\d)${code}(?!\\d)`)
      const hash = sha256(code)
      const spelt = [hash.toString('latin1'), hash.toString('hex'), hash.toString('base64url')]
      assert.ok(!rows.some((row) => alone.test(row) || spelt.some((one) => row.includes(one))))
    }
  })
})

suite('promises: one-time codes without mail', () => {
  test('it is trouble of ours, which the operator is told, and nobody else is blamed', async () => {
    const here = await testDeployment({ mounts: ['concur'] })
    try {
      const [app] = await prepare(here)
      const body = { ...app, channel_handle: addressOf('one'), channel_type: 'email' }
      const { status, json, headers } = await here.request('/concur', { path: '/oauth2/v0/otp', body })
      assert.deepEqual([status, json.code, json.error], [503, 503, 'temporarily_unavailable'])
      assert.ok(headers['retry-after'])
      const { reason, problem } = JSON.parse(here.logs.at(-1) ?? '{}')
      assert.deepEqual([reason, problem], ['unavailable', 'mail is not configured'])
      const rows = await here.deployment.database.query('select * from one_time_codes', [])
      assert.equal(rows.length, 0)
    } finally {
      await here.close()
    }
  })
})

suite('promises: guessing at one-time codes over two processes', { timeout: 120_000 }, () => {
  let here: TestDeployment
  let mail: MailServer
  let servers: readonly ServerProcess[] = []
  let app: Form = {}
  const next = inbox(() => mail)
  let asked = 0

  /** Each request comes from an address of its own, at one process and the other in turn. */
  const ask: Ask = async (path, form) => {
    asked += 1
    const answer = await fetch(`${servers[asked % 2]?.base}/concur/oauth2/v0/${path}`, {
      method: 'POST',
      headers: { 'x-forwarded-for': `203.0.113.${asked % 250}` },
      body: new URLSearchParams(form),
    })
    const json: TestAnswer['json'] = JSON.parse(await answer.text())
    return { status: answer.status, json }
  }
  const redeem = (person: string, otp: string) =>
    ask('token', { grant_type: 'otp', ...app, channel_handle: addressOf(person), channel_type: 'email', otp })
  const mailed = async (person: string): Promise<string> => {
    const sent = await ask('otp', { ...app, channel_handle: addressOf(person), channel_type: 'email' })
    assert.equal(sent.status, 200)
    return (await next(person)).code
  }
  const atOnce = async (count: number, guess: (at: number) => Promise<Pick<TestAnswer, 'status' | 'json'>>) =>
    codesOf(await Promise.all(Array.from({ length: count }, (_, at) => guess(at))))
  const guessesOf = async (person: string) =>
    (await here.deployment.store.findOneTimeCodes(String(app.client_id), person)).map(
      ({ guesses }) => guesses,
    )

  before(async () => {
    mail = await mailServer()
    here = await testDeployment({ mounts: ['concur'], file: true, background: false })
    const [first = {}] = await prepare(here)
    app = first
    const config = {
      database: here.config.database,
      root_secret: `env:${rootSecretName}`,
      mounts: [{ dialect: 'concur', prefix: '/concur' }],
      mail: mailOver(mail.port),
      trusted_proxies: ['127.0.0.1'],
    }
    const folder = here.folder
    servers = await Promise.all([startServer({ folder, config }), startServer({ folder, config })])
  })
  after(async () => {
    await Promise.all(servers.map((server) => server.kill()))
    await here.close()
    await mail.close()
  })

  test('of twenty right guesses at once one gets a pair', async () => {
    const code = await mailed('one')
    const heard = await atOnce(20, () => redeem('one', code))
    assert.equal(countIn(heard, 200), 1)
    // Whoever lost hears that there is none, or, looked at too often, to ask again.
    assert.equal(countIn(heard, 83) + countIn(heard, 503), 19, String(heard))
  })

  test('of fifty wrong guesses at once five are answered, and the code is dead', async () => {
    const code = await mailed('two')
    const heard = [...(await atOnce(50, (at) => redeem('two', otherThan(code, at + 1))))]
    // Who was put off asks again, as the answer says.
    while (countIn(heard, 85) < 5)
      heard.push(...(await atOnce(5, (at) => redeem('two', otherThan(code, at + 51)))))
    assert.equal(countIn(heard, 85), 5, String(heard))
    assert.equal(countIn(heard, 200), 0)
    assert.deepEqual(await guessesOf('two'), [5])
    assert.equal((await redeem('two', code)).json.code, 83)
  })

  test('thirty wrong guesses from as many addresses at two codes end in a lock', async () => {
    const heard: unknown[] = []
    for (const _ of ['first', 'second']) {
      const code = await mailed('three')
      const wrong = (at: number) => redeem('three', otherThan(code, at + 1))
      heard.push(...(await atOnce(15, wrong)))
      while (Math.min(...(await guessesOf('three'))) < 5) heard.push(...(await atOnce(3, wrong)))
    }
    assert.equal(countIn(heard, 85), 10, String(heard))
    assert.equal(countIn(heard, 200), 0)
    const asks = { ...app, channel_handle: addressOf('three'), channel_type: 'email' }
    assert.equal((await ask('otp', asks)).json.code, 14)
    assert.equal((await redeem('three', '123456')).json.code, 14)
    const [event] = (await here.deployment.store.listEvents(0, 100)).filter(
      ({ kind }) => kind === 'sign_in_locked',
    )
    assert.equal(event?.userId, 'three')
  })

  test('no code is in what the servers have written', () => {
    const output = servers.map((server) => server.output()).join('\n')
    assert.ok(output.includes('send_one_time_code') && output.includes('one_time_code_wrong'))
    for (const { bytes } of mail.taken) {
      const code = codeIn(bytes.toString())
      if (code !== undefined) assert.doesNotMatch(output, new RegExp(`(?<!\\d)${code}(?!\\d)`))
    }
  })
})
