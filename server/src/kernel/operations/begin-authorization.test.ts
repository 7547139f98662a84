import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  aClient,
  aConnection,
  aMoment,
  anOrganization,
  aRing,
  aRingVersion,
  aSession,
  aUser,
  noon,
} from '../../testing/records.ts'
import type { Decision } from '../decision.ts'
import type { Connection } from '../records.ts'
import { sha256 } from '../ring.ts'
import type { AuthorizationFacts, AuthorizationInput, Candidate, Step, Subject } from './authorization.ts'
import { beginAuthorization } from './begin-authorization.ts'

const uri = 'https://app.example/callback'
const moment = aMoment(aRing([aRingVersion()]))
const challenge = 'c'.repeat(43)

const rules = {
  responseType: 'required',
  scopes: 'asked',
  codeChallenge: 'public',
  subject: 'user',
} as const

type Changes = {
  readonly request?: Partial<AuthorizationInput['request']>
  readonly rules?: Partial<AuthorizationInput['rules']>
  readonly facts?: Partial<AuthorizationFacts>
}

const client = aClient({ redirectUris: [uri] })
const aSubject = (changes: Partial<Candidate> = {}): Candidate => ({
  userId: 'user',
  organizationId: '',
  organization: undefined,
  connection: undefined,
  barred: undefined,
  enabled: false,
  ...changes,
})
const allowed = aSubject({ connection: aConnection({ scopes: ['read'], origin: 'authorized' }) })
const inOrganization = (id: string, connected = false): Candidate =>
  aSubject({
    organizationId: id,
    organization: anOrganization({ id }),
    connection: connected ? aConnection({ organizationId: id }) : undefined,
  })

const decided = (changes: Changes = {}): Decision<Step> =>
  beginAuthorization.decide(
    {
      request: {
        clientId: 'app',
        redirectUri: uri,
        responseType: 'code',
        scopes: ['read'],
        codeChallenge: undefined,
        codeChallengeMethod: undefined,
        resource: [],
        prompt: undefined,
        nonce: undefined,
        signedInSince: undefined,
        wrong: undefined,
        ...changes.request,
      },
      rules: { ...rules, ...changes.rules },
      dialect: 'standard',
      policy: { codeSeconds: 60 },
      sessionSecret: 'secret',
      address: '192.0.2.1',
    },
    {
      client,
      user: aUser(),
      session: aSession({ expires: noon + 1 }),
      subjects: [aSubject()],
      ...changes.facts,
    },
    moment,
  )

function step(changes?: Changes): Step {
  const { answer } = decided(changes)
  assert.ok('granted' in answer)
  return answer.granted
}

const refusal = (changes: Changes): string | undefined => {
  const { answer, writes } = decided(changes)
  assert.equal(writes.length, 0)
  if ('refused' in answer) return `page: ${answer.refused.reason}`
  return answer.granted.next === 'refuse' ? answer.granted.refusal.reason : undefined
}

suite('begin authorization', () => {
  test('a client that is not of this mount, is disabled or names a strange address is never redirected to', () => {
    const strange = { redirectUri: 'https://evil.example/' }
    const wrong = { reason: 'parameter_malformed' } as const
    assert.equal(refusal({ facts: { client: undefined }, request: { wrong } }), 'page: client_unknown')
    const other = aClient({ dialect: 'other', status: 'disabled' })
    assert.equal(refusal({ facts: { client: other }, request: strange }), 'page: client_unknown')
    const disabled = aClient({ status: 'disabled' })
    assert.equal(refusal({ facts: { client: disabled }, request: strange }), 'page: client_disabled')
    assert.equal(refusal({ request: { ...strange, wrong } }), 'page: redirect_uri_unknown')
    assert.equal(refusal({ request: { redirectUri: undefined } }), 'page: redirect_uri_unknown')
  })

  test('an address may be left out only where the dialect says so and one is registered', () => {
    const without = { redirectUri: undefined }
    const optional = { redirectUri: 'optional' } as const
    assert.equal(step({ request: without, rules: optional }).redirectUri, uri)
    const two = aClient({ redirectUris: [uri, `${uri}2`] })
    const asked = { request: without, rules: optional, facts: { client: two } }
    assert.equal(refusal(asked), 'page: redirect_uri_unknown')
  })

  test('an app on the user’s machine may listen on any port, and nowhere else', () => {
    const app = (type: 'public' | 'confidential') =>
      aClient({ type, redirectUris: ['http://127.0.0.1/back', 'http://127.0.0.1:8080', uri] })
    const reason = (redirectUri: string, type: 'public' | 'confidential' = 'public') =>
      refusal({
        request: { redirectUri, codeChallenge: challenge, codeChallengeMethod: 'S256' },
        facts: { client: app(type) },
      })
    assert.equal(reason('http://127.0.0.1:49152/back'), undefined)
    assert.equal(reason('http://127.0.0.1:49152/'), undefined)
    for (const other of [
      'http://127.0.0.1:49152/other',
      'http://127.0.0.1:99999/back',
      'http://[::1]:49152/back',
      'http://localhost:49152/back',
      'https://127.0.0.1:49152/back',
      'http://127.0.0.1:49152@evil.example/back',
      'http://127.0.0.1.evil.example/back',
      'https://app.example:8443/callback',
    ])
      assert.equal(reason(other), 'page: redirect_uri_unknown', other)
    assert.equal(reason('http://127.0.0.1:49152/back', 'confidential'), 'page: redirect_uri_unknown')
  })

  test('the first of several mistakes is told, in the order of the refusals', () => {
    const pub = { client: aClient({ type: 'public', redirectUris: [uri] }), user: undefined }
    const all = { responseType: 'token', scopes: ['admin'], prompt: 'none' } as const
    const wrong = { reason: 'parameter_repeated' } as const
    assert.equal(refusal({ request: { ...all, wrong }, facts: pub }), 'parameter_repeated')
    const plain = { codeChallenge: challenge, codeChallengeMethod: 'plain' }
    assert.equal(refusal({ request: { ...all, ...plain }, facts: pub }), 'parameter_malformed')
    const nothing = { ...all, responseType: undefined }
    assert.equal(refusal({ request: nothing, facts: pub }), 'parameter_missing')
    assert.equal(refusal({ request: all, facts: pub }), 'scope_not_allowed')
    const scopes = ['read']
    assert.equal(refusal({ request: { ...all, scopes }, facts: pub }), 'response_type_unsupported')
    const code = { ...all, scopes, responseType: 'code' }
    assert.equal(refusal({ request: code, facts: pub }), 'code_challenge_missing')
    assert.equal(refusal({ request: { prompt: 'none' }, facts: { user: undefined } }), 'interaction_required')
  })

  test('only S256 is a challenge, and its absence means plain unless the dialect knows no other', () => {
    const asked = (codeChallenge: string, codeChallengeMethod?: string, absent?: 'S256') =>
      refusal({
        request: { codeChallenge, codeChallengeMethod },
        rules: absent ? { absentChallengeMethod: absent } : {},
      })
    assert.equal(asked(challenge, 'S256'), undefined)
    assert.equal(asked(challenge, 'plain'), 'parameter_malformed')
    assert.equal(asked(challenge), 'parameter_malformed')
    assert.equal(asked(challenge, undefined, 'S256'), undefined)
    assert.equal(asked('short', 'S256'), 'parameter_malformed')
  })

  test('whoever has no session, an old one or a disabled account signs in', () => {
    assert.equal(step({ facts: { user: undefined } }).next, 'sign in')
    assert.equal(step({ facts: { session: aSession({ expires: noon }) } }).next, 'sign in')
    assert.equal(step({ facts: { user: aUser({ status: 'disabled' }) } }).next, 'sign in')
  })

  test('a session from before the moment that is asked for does not count, and one from that moment does', () => {
    const next = (created: number, method: 'password' | 'provider', prompt?: 'none') => {
      const asked = step({
        request: { prompt, signedInSince: { password: noon - 60_000, provider: noon - 1000 } },
        facts: { session: aSession({ created, method }), subjects: [allowed] },
      })
      return asked.next === 'refuse' ? asked.refusal.reason : asked.next
    }
    assert.equal(next(noon - 60_001, 'password'), 'sign in')
    assert.equal(next(noon - 60_000, 'password'), 'answer')
    assert.equal(next(noon - 1001, 'provider'), 'sign in')
    assert.equal(next(noon - 1000, 'provider'), 'answer')
    assert.equal(next(noon - 60_001, 'password', 'none'), 'interaction_required')
  })

  test('a user is asked unless the very same was allowed before', () => {
    const next = (connection: Subject['connection'], changes: Changes = {}) =>
      step({ ...changes, facts: { subjects: [aSubject({ connection })] } }).next
    assert.equal(next(undefined), 'ask')
    assert.equal(next(aConnection({ status: 'revoked' })), 'ask')
    assert.equal(next(aConnection(), { request: { scopes: ['read', 'write'] } }), 'ask')
    assert.equal(next(aConnection(), { request: { prompt: 'consent' } }), 'ask')
    assert.equal(next(aConnection()), 'answer')
  })

  test('what was allowed before is told with the question, where there is one subject and a known app', () => {
    const connection = aConnection({ scopes: ['read'] })
    const asked = (facts: Partial<AuthorizationFacts>, request: Changes['request'] = {}) => {
      const next = step({ request: { scopes: ['read', 'write'], ...request }, facts })
      return next.next === 'ask' ? next.allowedBefore : next.next
    }
    const known = aSubject({ connection })
    assert.deepEqual(asked({ subjects: [known] }), ['read'])
    assert.deepEqual(asked({ subjects: [known, inOrganization('b')] }), [])
    assert.deepEqual(asked({ subjects: [aSubject()] }), [])
    for (const changes of [{ status: 'revoked' }, { confirmation: 'pending' }] as const) {
      assert.deepEqual(asked({ subjects: [aSubject({ connection: { ...connection, ...changes } })] }), [])
    }
    // RFC 8252 §8.6: another program on the same machine could ask in its name.
    const onMachine = 'http://127.0.0.1:8080/back'
    const unproven = aClient({ type: 'public', redirectUris: [onMachine] })
    const request = { redirectUri: onMachine, codeChallenge: challenge, codeChallengeMethod: 'S256' }
    assert.deepEqual(asked({ client: unproven, subjects: [known] }, request), [])
  })

  test('nothing is said unasked for a connection that waits for its user, for their answer is the confirmation', () => {
    const next = (confirmation: Connection['confirmation'], changes: Changes = {}) => {
      const connection = aConnection({ confirmation })
      return step({ ...changes, facts: { subjects: [aSubject({ connection })] } })
    }
    assert.equal(next('pending').next, 'ask')
    const unasked = next('pending', { request: { prompt: 'none' } })
    assert.ok(unasked.next === 'refuse')
    assert.equal(unasked.refusal.reason, 'interaction_required')
    for (const settled of ['confirmed', 'not_needed'] as const) assert.equal(next(settled).next, 'answer')
  })

  test('a code names what was asked for, and its row holds only its hash', () => {
    const { answer, writes } = decided({
      request: { codeChallenge: challenge, codeChallengeMethod: 'S256', resource: ['https://api.example'] },
      facts: { subjects: [allowed] },
    })
    assert.ok('granted' in answer && answer.granted.next === 'answer')
    const { code = '' } = answer.granted
    const [write, ...others] = writes
    assert.equal(others.length, 0)
    assert.ok(write?.write === 'add_code')
    assert.equal(write.openMax, 20)
    const { hash, ...row } = write.code
    assert.deepEqual(hash, sha256(code))
    assert.equal(Buffer.from(code, 'base64url').length, 32)
    assert.equal(JSON.stringify(row).includes(code), false)
    assert.equal(row.codeChallenge, challenge)
    assert.equal(row.redirectUri, uri)
    assert.deepEqual(row.resource, ['https://api.example'])
    assert.equal(row.expires, noon + 60_000)
  })

  test('another program may pass for an app without a secret, so its user is asked again, unless a site gets the code', () => {
    const pub = (redirectUri: string) =>
      step({
        request: { redirectUri, codeChallenge: challenge, codeChallengeMethod: 'S256' },
        facts: { client: aClient({ type: 'public', redirectUris: [redirectUri] }), subjects: [allowed] },
      }).next
    assert.equal(pub('http://127.0.0.1/back'), 'ask')
    assert.equal(pub('com.example.app:/back'), 'ask')
    assert.equal(pub(uri), 'answer')
  })

  test('with several organizations the user says which; with one, or where none may be asked, the allowed one is it', () => {
    const next = (subjects: readonly Candidate[], prompt?: 'none') => {
      const asked = step({
        request: { prompt },
        rules: { subject: 'user in an organization' },
        facts: { subjects },
      })
      return asked.next === 'answer' ? asked.organizationId : asked.next
    }
    assert.equal(next([inOrganization('a', true)]), 'a')
    assert.equal(next([inOrganization('a', true), inOrganization('b')]), 'ask')
    assert.equal(next([inOrganization('a'), inOrganization('b', true)], 'none'), 'b')
    assert.equal(next([inOrganization('a', true), inOrganization('b', true)], 'none'), 'refuse')
    assert.equal(next([]), 'ask')
    assert.equal(next([], 'none'), 'refuse')
  })

  test('where scopes are set on the app, what the request says of them counts for nothing', () => {
    const asked = step({ request: { scopes: ['admin'] }, rules: { scopes: 'of the client' } })
    assert.ok(asked.next === 'ask')
    assert.deepEqual(asked.scopes, ['read', 'write'])
  })

  const identified = {
    responseTypes: ['code', 'id_token', 'code id_token'],
    offlineAccess: 'by consent',
  } as const

  test('the words of a response type may stand in any order, and only those that the dialect has', () => {
    const asked = (responseType: string, rules: Changes['rules'] = identified) =>
      refusal({ request: { responseType, nonce: 'n' }, rules })
    for (const known of ['code', 'id_token']) assert.equal(asked(known), undefined)
    for (const strange of ['token', 'code token', 'id_token token', 'id_token  code', ' code', 'Code'])
      assert.equal(asked(strange), 'response_type_unsupported', strange)
    assert.equal(asked('id_token', {}), 'response_type_unsupported')
  })

  test('where an id_token is asked for, everything goes behind the #, and a nonce must come with it', () => {
    const asked = (responseType: string, nonce?: string, rules: Changes['rules'] = identified) => {
      const next = step({ request: { responseType, nonce }, rules, facts: { subjects: [allowed] } })
      return [next.responseMode, next.next === 'refuse' ? next.refusal.reason : next.next]
    }
    for (const type of ['id_token', 'code id_token', 'id_token code']) {
      assert.deepEqual(asked(type), ['fragment', 'parameter_missing'])
      assert.deepEqual(asked(type, 'n'), ['fragment', 'answer'])
      assert.deepEqual(asked(type, 'n', {}), ['query', 'response_type_unsupported'])
    }
    assert.deepEqual(asked('code'), ['query', 'answer'])
    assert.deepEqual(asked('token', 'n'), ['fragment', 'response_type_unsupported'])
  })

  test('an id_token alone makes no row; beside a code both know the nonce and the sign-in', () => {
    const asked = (responseType: string) => {
      const { answer, writes } = decided({
        request: { responseType, nonce: 'n' },
        rules: identified,
        facts: { subjects: [allowed], session: aSession({ created: noon - 5000, expires: noon + 1 }) },
      })
      assert.ok('granted' in answer && answer.granted.next === 'answer')
      return { ...answer.granted, writes }
    }
    const alone = asked('id_token')
    assert.deepEqual([alone.code, alone.writes], [undefined, []])
    const { nonce, authenticatedAt, userId, clientId, issuedAt } = alone.identity ?? assert.fail()
    assert.deepEqual(
      [nonce, authenticatedAt, userId, clientId, issuedAt],
      ['n', noon - 5000, 'user', 'app', noon],
    )
    const both = asked('code id_token')
    const [write] = both.writes
    assert.ok(write?.write === 'add_code' && both.identity)
    assert.deepEqual([write.code.nonce, write.code.authenticatedAt], ['n', noon - 5000])
    assert.deepEqual([asked('code').identity, asked('code').writes.length], [undefined, 1])
  })

  test('when a user of the provider signed in is known only where the provider was made to look', () => {
    const session = aSession({ method: 'provider', created: noon - 5000, expires: noon + 1 })
    const known = (signedInSince: AuthorizationInput['request']['signedInSince']) => {
      const { writes } = decided({ request: { signedInSince }, facts: { subjects: [allowed], session } })
      const [write] = writes
      return write?.write === 'add_code' ? write.code.authenticatedAt : assert.fail('no code')
    }
    assert.equal(known(undefined), undefined)
    assert.equal(known({ password: noon - 6000, provider: noon - 6000 }), noon - 5000)
  })

  test('an app without a secret needs a challenge for a code, and none for an id_token', () => {
    const pub = { client: aClient({ type: 'public', redirectUris: [uri] }), subjects: [allowed] }
    const asked = (responseType: string) =>
      refusal({ request: { responseType, nonce: 'n' }, rules: identified, facts: pub })
    assert.equal(asked('code id_token'), 'code_challenge_missing')
    assert.equal(asked('id_token'), undefined)
  })

  test('offline access wants prompt=consent each time, and is not meant where no scope is named', () => {
    const client = aClient({ redirectUris: [uri], scopes: ['read', 'offline_access'] })
    const asked = (
      request: Partial<AuthorizationInput['request']>,
      rules: Partial<AuthorizationInput['rules']> = identified,
    ) => {
      const next = step({ request, rules, facts: { client } })
      if (next.next === 'refuse') return next.refusal.reason
      return next.next === 'ask' ? next.scopes : next.next
    }
    const named = { scopes: ['read', 'offline_access'] }
    assert.equal(asked(named), 'consent_prompt_missing')
    assert.equal(asked({ ...named, prompt: 'none' }), 'consent_prompt_missing')
    assert.deepEqual(asked({ ...named, prompt: 'consent' }), ['read', 'offline_access'])
    assert.deepEqual(asked({ scopes: undefined }), ['read'])
    assert.deepEqual(asked({ scopes: undefined, prompt: 'consent' }), ['read', 'offline_access'])
    assert.deepEqual(asked(named, {}), ['read', 'offline_access'])
  })

  const may = inOrganization('may')
  const over = {
    ...inOrganization('over'),
    organization: anOrganization({ id: 'over', status: 'disabled' }),
  } as const
  const walled = anOrganization({ id: 'walled', allowedAddresses: ['198.51.100.0/24'] })
  const mayNot: readonly (readonly [string, Candidate])[] = [
    ['organization_disabled', over],
    ['client_barred', { ...inOrganization('barring'), barred: 'organization' }],
    ['client_barred_for_user', { ...inOrganization('barred'), barred: 'user' }],
    ['address_not_allowed', { ...inOrganization('walled'), organization: walled }],
  ]
  for (const [reason, candidate] of mayNot) {
    test(`${reason}: told to the app or to the user as the dialect has it, and another organization is offered`, () => {
      const subject = 'user in an organization'
      const next = (subjects: readonly Candidate[], denied?: 'told to the app') =>
        step({ rules: { subject, ...(denied && { denied }) }, facts: { subjects } })
      const told = next([candidate], 'told to the app')
      assert.ok(told.next === 'refuse')
      assert.equal(told.refusal.reason, reason)
      const asked = next([candidate])
      assert.ok(asked.next === 'ask')
      assert.deepEqual([asked.subjects, asked.denied?.reason], [[], reason])
      const offered = next([candidate, may], 'told to the app')
      assert.ok(offered.next === 'ask')
      assert.deepEqual([offered.subjects, offered.denied], [[may], undefined])
      // What was allowed before is not answered to whoever may no more.
      const before = { ...candidate, connection: aConnection({ organizationId: candidate.organizationId }) }
      assert.equal(next([before], 'told to the app').next, 'refuse')
      assert.equal(next([before]).next, 'ask')
    })
  }

  test('where organizations must let an app in, only those that have are offered', () => {
    const enabled = aClient({ redirectUris: [uri], policy: { organizations: 'enabled' } })
    const next = (...subjects: readonly Candidate[]) =>
      step({
        rules: { subject: 'user in an organization', denied: 'told to the app' },
        facts: { client: enabled, subjects },
      })
    const refused = next(may)
    assert.ok(refused.next === 'refuse')
    assert.equal(refused.refusal.reason, 'client_not_enabled')
    assert.equal(next({ ...may, enabled: true }).next, 'ask')
  })

  test('of several organizations, none of which may, one that is not over says why', () => {
    const barring = { ...inOrganization('barring'), barred: 'organization' } as const
    const told = step({
      rules: { subject: 'user in an organization', denied: 'told to the app' },
      facts: { subjects: [over, barring] },
    })
    assert.ok(told.next === 'refuse')
    assert.equal(told.refusal.reason, 'client_barred')
  })

  test('the answer names the region of whom the app acts for', () => {
    const region = (user: string | undefined, organization: string | undefined) => {
      const subject = { ...inOrganization('a', true), organization: anOrganization({ region: organization }) }
      const next = step({
        rules: { subject: 'user in an organization' },
        facts: { user: aUser({ region: user }), subjects: [subject] },
      })
      assert.ok(next.next === 'answer')
      return next.region
    }
    assert.deepEqual(
      [region('eu', 'us'), region(undefined, 'us'), region(undefined, undefined)],
      ['eu', 'us', undefined],
    )
  })
})
