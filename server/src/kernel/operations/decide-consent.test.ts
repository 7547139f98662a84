import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  aCaller,
  aClient,
  aConnection,
  aLegacyToken,
  aMoment,
  anOrganization,
  aRing,
  aRingVersion,
  aSession,
  aUser,
  noon,
} from '../../testing/records.ts'
import type { Write } from '../decision.ts'
import type { Connection } from '../records.ts'
import type { AuthorizationFacts, Candidate, Step } from './authorization.ts'
import type { ConsentInput } from './decide-consent.ts'
import { decideConsent } from './decide-consent.ts'
import { refusalOfToken } from './exchange-legacy-token.ts'

const uri = 'https://app.example/callback'
const moment = aMoment(aRing([aRingVersion()]))

const subject = (organizationId: string, connection?: Connection, userId = 'user'): Candidate => ({
  userId,
  organizationId,
  organization: organizationId === '' ? undefined : anOrganization({ id: organizationId }),
  connection,
  barred: undefined,
  enabled: false,
})

const aRequest: ConsentInput['request'] = {
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
}

function decided(
  input: Partial<ConsentInput> = {},
  facts: Partial<AuthorizationFacts> = {},
): { readonly step: Step; readonly writes: readonly Write[] } {
  const { answer, writes } = decideConsent.decide(
    {
      request: aRequest,
      rules: { responseType: 'required', scopes: 'asked', codeChallenge: 'public', subject: 'user' },
      dialect: 'standard',
      policy: {},
      sessionSecret: 'secret',
      address: '192.0.2.1',
      decision: 'allow',
      organizationId: undefined,
      scopesShown: ['read'],
      from: { address: '192.0.2.1', requestId: 'r1' },
      ...input,
    },
    {
      client: aClient({ redirectUris: [uri] }),
      user: aUser(),
      session: aSession({ expires: noon + 1 }),
      subjects: [subject('')],
      ...facts,
    },
    moment,
  )
  assert.ok('granted' in answer)
  return { step: answer.granted, writes }
}

const connectionIn = (writes: readonly Write[]): Connection => {
  const [guard, code, ...others] = writes
  assert.ok(guard?.write === 'allow_connection')
  assert.equal(code?.write, 'add_code')
  assert.ok(others.every(({ write }) => write === 'append_event'))
  return guard.connection
}
const eventsIn = (writes: readonly Write[]) =>
  writes.flatMap((write) => (write.write === 'append_event' ? [write.event] : []))

suite('decide consent', () => {
  test('allowing makes the connection and the code in one commit', () => {
    const { step, writes } = decided()
    assert.equal(step.next, 'answer')
    const connection = connectionIn(writes)
    assert.equal(connection.status, 'live')
    assert.equal(connection.origin, 'authorized')
    assert.deepEqual(connection.scopes, ['read'])
  })

  test('what is taken back takes the legacy tokens of its app with it, whatever is allowed later', () => {
    const made = connectionIn(decided().writes)
    const allowedAnew = { ...made, epoch: made.epoch + 1 }
    const facts = {
      token: aLegacyToken(),
      shared: undefined,
      alias: undefined,
      barred: undefined,
      grant: undefined,
      connection: allowedAnew,
      user: undefined,
      organization: undefined,
    }
    const input = { caller: aCaller(), legacyToken: 'old', as: 'user' } as const
    assert.equal(refusalOfToken(input, facts), 'legacy_token_revoked')
    assert.equal(refusalOfToken(input, { ...facts, connection: made }), undefined)
  })

  test('what was allowed before stays allowed, unless it was taken back', () => {
    const live = aConnection({ number: 7, scopes: ['write'], epoch: 3 })
    const kept = connectionIn(decided({}, { subjects: [subject('', live)] }).writes)
    assert.deepEqual([...kept.scopes].sort(), ['read', 'write'])
    assert.equal(kept.number, 7)
    assert.equal(kept.epoch, 3)
    const revoked = { ...live, status: 'revoked' } as const
    const anew = connectionIn(decided({}, { subjects: [subject('', revoked)] }).writes)
    assert.deepEqual(anew.scopes, ['read'])
    assert.equal(anew.status, 'live')
    assert.equal(anew.epoch, 3)
  })

  const allowedWith = (connection: Connection) => {
    const { writes } = decided({}, { subjects: [subject('', connection)] })
    const [event, ...others] = eventsIn(writes)
    assert.deepEqual(others, [])
    return { confirmation: connectionIn(writes).confirmation, event, guard: writes[0] }
  }

  test('allowing confirms a migrated connection that waited for it, in the same commit', () => {
    const pending = aConnection({ confirmation: 'pending' })
    const { confirmation, event, guard } = allowedWith(pending)
    assert.equal(confirmation, 'confirmed')
    assert.ok(guard?.write === 'allow_connection')
    assert.equal(guard.seen, pending)
    const { kind, actor, address, requestId, clientId, userId } = event ?? assert.fail()
    assert.deepEqual(
      { kind, actor, address, requestId, clientId, userId },
      {
        kind: 'connection_confirmed',
        actor: 'user:user',
        address: '192.0.2.1',
        requestId: 'r1',
        clientId: 'app',
        userId: 'user',
      },
    )
  })

  test('allowing a part of what waits confirms nothing: the rest was not on the page', () => {
    const pending = aConnection({ confirmation: 'pending', scopes: ['read', 'write'] })
    const { confirmation, event } = allowedWith(pending)
    assert.deepEqual([confirmation, event], ['pending', undefined])
  })

  test('nothing is confirmed that did not wait, nor what was uninstalled while it waited', () => {
    for (const confirmation of ['not_needed', 'confirmed'] as const) {
      const allowed = allowedWith(aConnection({ confirmation }))
      assert.deepEqual([allowed.confirmation, allowed.event], [confirmation, undefined])
    }
    // What is allowed anew is the user's own choice, at another epoch.
    const revoked = aConnection({ confirmation: 'pending', status: 'revoked', epoch: 2 })
    const anew = allowedWith(revoked)
    assert.deepEqual([anew.confirmation, anew.event], ['not_needed', undefined])
  })

  test('what was allowed before needs no place on the page, as long as it still is allowed', () => {
    const wider = aClient({ redirectUris: [uri], scopes: ['read', 'write'] })
    const request = { ...aRequest, scopes: ['read', 'write'] }
    const next = (changes: Partial<Connection> | undefined, scopesShown: readonly string[]) => {
      const connection = changes && aConnection({ scopes: ['read'], ...changes })
      const facts = { client: wider, subjects: [subject('', connection)] }
      const { step, writes } = decided({ request, scopesShown }, facts)
      return step.next === 'answer' ? [...connectionIn(writes).scopes].sort() : step.next
    }
    assert.deepEqual(next({}, ['write']), ['read', 'write'])
    // The page asked for all of it, or for the rest, and meanwhile it was allowed elsewhere.
    assert.deepEqual(next({}, ['read', 'write']), ['read', 'write'])
    // Taken back since the page was shown, or never answered: then the user has not been asked for it.
    assert.equal(next({ status: 'revoked' }, ['write']), 'ask')
    assert.equal(next({ confirmation: 'pending' }, ['write']), 'ask')
    assert.equal(next(undefined, ['write']), 'ask')
    assert.equal(next({}, ['read']), 'ask')
    assert.equal(next({}, []), 'ask')
    // Something that this request does not ask for was on the page.
    assert.equal(next({}, ['write', 'admin']), 'ask')
  })

  test('cancelling changes nothing and tells the app', () => {
    const { step, writes } = decided({ decision: 'cancel' })
    assert.ok(step.next === 'refuse')
    assert.equal(step.refusal.reason, 'consent_refused')
    assert.equal(writes.length, 0)
  })

  test('nothing is allowed without a session, nor what the page did not show, nor by a request that is wrong', () => {
    const nothing = (input: Partial<ConsentInput>, facts?: Partial<AuthorizationFacts>) => {
      const { step, writes } = decided(input, facts)
      assert.equal(writes.length, 0)
      return step.next
    }
    assert.equal(nothing({}, { user: undefined }), 'sign in')
    assert.equal(nothing({ scopesShown: ['read', 'write'] }), 'ask')
    assert.equal(nothing({ scopesShown: [] }), 'ask')
    const client = aClient({ redirectUris: [uri], scopes: ['write'] })
    assert.equal(nothing({}, { client }), 'refuse')
  })

  test('an organization is chosen among the user’s own', () => {
    const rules = {
      responseType: 'optional',
      scopes: 'asked',
      codeChallenge: 'public',
      subject: 'user in an organization',
    } as const
    const subjects = [subject('a'), subject('b')]
    assert.equal(decided({ rules }, { subjects }).step.next, 'ask')
    assert.equal(decided({ rules, organizationId: 'c' }, { subjects }).step.next, 'ask')
    assert.equal(decided({ rules, organizationId: 'a' }, { subjects: [] }).step.next, 'ask')
    const { step, writes } = decided({ rules, organizationId: 'b' }, { subjects })
    assert.ok(step.next === 'answer')
    assert.equal(step.organizationId, 'b')
    assert.equal(connectionIn(writes).organizationId, 'b')
  })

  test('an app that acts for the organization gets its code there, and who allowed it is remembered', () => {
    const rules = {
      responseType: 'optional',
      scopes: 'asked',
      codeChallenge: 'public',
      subject: 'organization',
    } as const
    const { writes } = decided({ rules }, { subjects: [subject('a', undefined, '')] })
    assert.equal(connectionIn(writes).userId, '')
    const code = writes[1]
    assert.ok(code?.write === 'add_code')
    assert.equal(code.code.actsAs, 'organization')
    assert.equal(code.code.authorizedBy, 'user')
  })

  test('allowing for an id_token alone remembers the consent, and makes no code', () => {
    const rules = {
      responseType: 'required',
      responseTypes: ['id_token'],
      scopes: 'asked',
      codeChallenge: 'public',
      subject: 'user',
    } as const
    const request = { ...aRequest, responseType: 'id_token', nonce: 'n' }
    const { step, writes } = decided({ rules, request })
    assert.ok(step.next === 'answer')
    assert.deepEqual([step.code, step.identity?.nonce], [undefined, 'n'])
    assert.deepEqual(
      writes.map(({ write }) => write),
      ['allow_connection'],
    )
  })

  test('whoever may no more when they press the button allows nothing, and the app is told where it wants to be', () => {
    const barred = { ...subject(''), barred: 'user' } as const
    const rules = {
      responseType: 'required',
      scopes: 'asked',
      codeChallenge: 'public',
      subject: 'user',
    } as const
    const quiet = decided({ rules }, { subjects: [barred] })
    assert.deepEqual([quiet.step.next, quiet.writes], ['ask', []])
    const { step, writes } = decided(
      { rules: { ...rules, denied: 'told to the app' } },
      { subjects: [barred] },
    )
    assert.ok(step.next === 'refuse')
    assert.deepEqual([step.refusal.reason, writes], ['client_barred_for_user', []])
  })
})
