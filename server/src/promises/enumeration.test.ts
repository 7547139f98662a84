/** Who has an account here: told to an app that may ask, by its right word for it, and to nobody else. */
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { after, before, suite, test } from 'node:test'
import { hashPassword, verifyPassword } from '../keys/password.ts'
import { testPassword } from '../testing/account.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { anOrganization, aUser } from '../testing/records.ts'

type Form = Readonly<Record<string, string>>

/** Somebody, as one caller knows them: by name, by address, by id. */
type Named = Readonly<Record<'username' | 'email' | 'id', string>>

const named = (id: string): Named => ({ username: `name-${id}`, email: `${id}@people.example`, id })
const nobody = named('nobody')
/** In each state that an account can be in. */
const people = ['plain', 'disabled', 'locked', 'fenced', 'without-password', 'barred'].map(named)

/** Each request that names somebody. */
const requests: Readonly<Record<string, (who: Named) => readonly [path: string, form: Form]>> = {
  'a wrong password': ({ username }) => ['token', { grant_type: 'password', username, password: 'wrong' }],
  'the right password': ({ username }) => [
    'token',
    { grant_type: 'password', username, password: testPassword },
  ],
  'a request token': ({ id }) => [
    'token',
    { grant_type: 'password', credtype: 'authtoken', username: id, password: 'tfq_unheard-of' },
  ],
  'a one-time code': ({ email }) => [
    'token',
    { grant_type: 'otp', channel_type: 'email', channel_handle: email, otp: '123456' },
  ],
  'asking for a one-time code': ({ email }) => ['otp', { channel_type: 'email', channel_handle: email }],
}

suite('promises: who has an account', () => {
  let here: TestDeployment
  before(async () => {
    here = await testDeployment({ mounts: ['concur'] })
    const { store } = here.deployment
    const passwordHash = await hashPassword(testPassword)
    await store.commit([
      {
        write: 'put_organization',
        organization: anOrganization({ id: 'fence', allowedAddresses: ['192.0.2.0/24'] }),
      },
    ])
    for (const { id, username, email } of people) {
      const user = aUser({
        ...{ id, username, email },
        status: id === 'disabled' ? 'disabled' : 'enabled',
        passwordHash: id === 'without-password' ? undefined : passwordHash,
      })
      const organizations = id === 'fenced' ? ['fence'] : []
      await store.commit([{ write: 'put_user', user, organizations }])
    }
    const barred = { userId: 'barred', clientId: trusted().client_id ?? '' }
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    await store.commit([{ write: 'bar_user', ...barred, at: here.clock.now, actor }])
    for (let failures = 0; failures < 10; failures += 1) {
      await ask(trusted(), 'a wrong password', named('locked'))
    }
  })
  after(() => here.close())

  const section = (name: string): string => String(Reflect.get(here.sections.concur ?? {}, name))
  const trusted = (): Form => ({
    client_id: section('trusted_client_id'),
    client_secret: section('trusted_client_secret'),
  })
  function ask(client: Form, request: string, who: Named): Promise<TestAnswer> {
    const [path, form] = requests[request]?.(who) ?? assert.fail(request)
    return here.request('/concur', { path: `/oauth2/v0/${path}`, body: { ...client, ...form } })
  }
  const said = ({ status, text }: TestAnswer): string => `${status} ${text}`

  const strangers: Readonly<Record<string, () => Form>> = {
    'an app with a wrong secret': () => ({ ...trusted(), client_secret: 'wrong' }),
    'an app without its secret': () => ({ client_id: section('trusted_client_id') }),
    'an app that nobody knows': () => ({ client_id: 'nobody', client_secret: 'x' }),
    'an app that may not use the grant': () => ({
      client_id: section('client_id'),
      client_secret: section('client_secret'),
    }),
    'an app that has no secret': () => ({ client_id: 'sample-app-without-secret' }),
  }
  for (const [name, client] of Object.entries(strangers)) {
    test(`${name} hears the same of everybody, whether they are there or not, and no password is looked at`, async () => {
      for (const request of Object.keys(requests)) {
        const { answers, verified } = await counting(async () => {
          const each: string[] = []
          for (const who of [nobody, ...people]) each.push(said(await ask(client(), request, who)))
          return each
        })
        assert.equal(new Set(answers).size, 1, `${request}: ${[...new Set(answers)].join(' | ')}`)
        assert.doesNotMatch(answers[0] ?? '', /^200/)
        assert.equal(verified, 0, request)
      }
    })
  }

  test('a disabled app hears of nobody, either', async () => {
    const { store } = here.deployment
    const seen = await store.findClient(trusted().client_id ?? '')
    assert.ok(seen)
    const disabled = { ...seen, status: 'disabled' } as const
    await store.commit([{ write: 'change_client', client: disabled, seen }])
    for (const request of Object.keys(requests)) {
      const answers = [said(await ask(trusted(), request, nobody))]
      for (const who of people) answers.push(said(await ask(trusted(), request, who)))
      assert.equal(new Set(answers).size, 1, request)
    }
    await store.commit([{ write: 'change_client', client: seen, seen: disabled }])
  })

  test('who may ask hears 5 for a wrong password, of everybody who is not locked, and one verification is spent on each', async () => {
    for (const who of [nobody, ...people]) {
      const { answers: answer, verified } = await counting(() => ask(trusted(), 'a wrong password', who))
      const isLocked = who.id === 'locked'
      assert.deepEqual([answer.json.code, verified], isLocked ? [14, 0] : [5, 1], who.id)
    }
  })

  test('what is wrong with an account is told to whoever has its password, and to no one else', async () => {
    const codes: Record<string, unknown> = {}
    for (const who of [nobody, ...people]) {
      const { status, json } = await ask(trusted(), 'the right password', who)
      codes[who.id] = status === 200 ? 200 : json.code
    }
    assert.deepEqual(codes, {
      nobody: 5,
      plain: 200,
      disabled: 10,
      locked: 14,
      fenced: 20,
      'without-password': 5,
      barred: 12,
    })
  })

  test('a name that nobody has is locked like any other, in the same words', async () => {
    const ghost = named('ghost')
    for (let failures = 0; failures < 10; failures += 1) {
      assert.equal((await ask(trusted(), 'a wrong password', ghost)).json.code, 5)
    }
    const { answers: answer, verified } = await counting(() => ask(trusted(), 'a wrong password', ghost))
    assert.equal(said(answer), said(await ask(trusted(), 'a wrong password', named('locked'))))
    assert.equal(verified, 0)
  })
})

/**
 * Counts passwords that are really verified meanwhile: each is work that the engine is handed, which Node
 * tells of. Nothing stands in for it.
 */
async function counting<Answers>(
  work: () => Promise<Answers>,
): Promise<{ readonly answers: Answers; readonly verified: number }> {
  const kinds = await kindsOfWork()
  let verified = 0
  const hook = createHook({
    init(_id, kind) {
      if (kinds.has(kind)) verified += 1
    },
  })
  hook.enable()
  const answers = await work()
  hook.disable()
  return { answers, verified }
}

/** What no work is done by: the server's own timers may begin anew just now. */
const waits: ReadonlySet<string> = new Set(['PROMISE', 'Timeout', 'Immediate', 'TickObject'])

let known: ReadonlySet<string> | undefined

/** By what name Node tells of a verification: learned from one, since the engine may call it anything. */
async function kindsOfWork(): Promise<ReadonlySet<string>> {
  if (known) return known
  const hash = await hashPassword(testPassword)
  const seen: string[] = []
  const hook = createHook({
    init(_id, kind) {
      if (!waits.has(kind)) seen.push(kind)
    },
  })
  hook.enable()
  assert.equal(await verifyPassword(hash, testPassword), true)
  hook.disable()
  assert.equal(seen.length, 1, `one verification is one piece of work, not ${seen.join(', ')}`)
  known = new Set(seen)
  return known
}
