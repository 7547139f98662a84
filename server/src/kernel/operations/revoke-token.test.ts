import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf } from '../../testing/decisions.ts'
import {
  aCaller,
  aClient,
  aConnection,
  aGrant,
  aLegacyToken,
  aMoment,
  aRing,
  aRingVersion,
  aUser,
  noon,
} from '../../testing/records.ts'
import { defaultPolicy } from '../policy.ts'
import type { LegacyToken } from '../records.ts'
import type { GrantFacts, Numbering } from '../store.ts'
import type { PresentedFacts } from './presented-token.ts'
import type { RevokeInput } from './revoke-token.ts'
import { revokeToken } from './revoke-token.ts'

const input = (changes: Partial<RevokeInput> = {}): RevokeInput => ({
  caller: aCaller(),
  token: 'token',
  signed: undefined,
  ...changes,
})
const decide = (facts: PresentedFacts, asked = input()) =>
  revokeToken.decide(asked, facts, aMoment(aRing([aRingVersion()])))
const writesOf = (facts: PresentedFacts, asked = input()): readonly string[] =>
  decide(facts, asked).writes.map(({ write }) => write)
const stranger = input({ caller: aCaller({ client: aClient({ id: 'other' }) }) })

const grantFacts = (changes: Partial<GrantFacts> = {}): GrantFacts => ({
  grant: aGrant(),
  connection: aConnection(),
  user: aUser(),
  organization: undefined,
  ...changes,
})
const refresh = (grant: GrantFacts = grantFacts()): PresentedFacts => ({
  kind: 'refresh',
  generation: 0,
  grant,
  client: aClient(),
  lost: undefined,
})
const access = (revoked = false, expiresAt = noon + 1): PresentedFacts => ({
  kind: 'access',
  claims: {
    jti: 'jti',
    scopes: [],
    resource: [],
    issuedAt: noon,
    expiresAt,
    clientId: 'app',
    userId: 'user',
    organizationId: '',
    issuer: undefined,
  },
  number: 2,
  grant: grantFacts(),
  client: aClient(),
  revoked,
  lost: undefined,
})
const legacy = (changes: Partial<LegacyToken> = {}): PresentedFacts => ({
  kind: 'legacy',
  legacy: {
    token: aLegacyToken(changes),
    shared: undefined,
    alias: undefined,
    barred: undefined,
    grant: undefined,
    connection: undefined,
    user: undefined,
    organization: undefined,
  },
  client: aClient(),
  connection: undefined,
  barred: false,
})

suite('revoke token', () => {
  test('a client with a secret shows it; one without has only the token', () => {
    const unproven = aCaller({ proven: false })
    assert.equal(reasonOf(decide(refresh(), input({ caller: unproven }))), 'client_secret_missing')
    const app = { ...unproven, client: aClient({ type: 'public' }) }
    assert.equal(grantedBy(decide(refresh(), input({ caller: app }))).revoked, true)
    const shipped = { ...unproven, policy: { ...defaultPolicy, secretsArePublic: true } }
    assert.equal(grantedBy(decide(refresh(), input({ caller: shipped }))).revoked, true)
  })

  test('a refresh token ends its grant, or, where the dialect says so, uninstalls the app', () => {
    assert.deepEqual(writesOf(refresh()), ['end_grant', 'append_event'])
    assert.deepEqual(writesOf(refresh(), input({ uninstalls: true })), ['revoke_connection', 'append_event'])
  })

  test('an access token ends alone', () => {
    assert.deepEqual(writesOf(access()), ['revoke_access_token', 'append_event'])
  })

  test('a legacy token is never exchanged again', () => {
    assert.deepEqual(writesOf(legacy()), ['revoke_legacy_token', 'append_event'])
    assert.deepEqual(writesOf(legacy({ clientId: '', boundTo: 'app' })), [
      'revoke_legacy_token',
      'append_event',
    ])
  })

  test('a legacy token that every app holds is not one app’s to revoke: revocation_unsupported', () => {
    assert.equal(reasonOf(decide(legacy({ clientId: '' }))), 'revocation_unsupported')
  })

  test('which strings are legacy tokens, only a proven client that could hold them learns', () => {
    const answered = grantedBy(decide({ kind: 'unknown' }))
    assert.deepEqual(answered, { revoked: false, unknown: true })
    const everybodys = legacy({ clientId: '' })
    const unproven = aCaller({ proven: false, client: aClient({ type: 'public' }) })
    const elsewhere = aCaller({ client: aClient({ dialect: 'other' }) })
    for (const [facts, asked] of [
      [legacy(), stranger],
      [legacy({ clientId: '', boundTo: 'app' }), stranger],
      [everybodys, input({ caller: unproven })],
      [everybodys, input({ caller: elsewhere })],
    ] as const) {
      assert.deepEqual(grantedBy(decide(facts, asked)), answered)
      assert.deepEqual(writesOf(facts, asked), [])
    }
  })

  test('another client’s token is refused and unharmed', () => {
    for (const facts of [refresh(), access()]) {
      assert.equal(reasonOf(decide(facts, stranger)), 'refresh_token_of_other_client')
      assert.deepEqual(writesOf(facts, stranger), [])
    }
  })

  test('what is not alive is as good as revoked, and nothing is written', () => {
    const over: readonly PresentedFacts[] = [
      { kind: 'unknown' },
      access(true),
      access(false, noon),
      refresh(grantFacts({ grant: aGrant({ status: 'revoked' }) })),
      refresh(grantFacts({ connection: aConnection({ status: 'revoked' }) })),
      refresh(grantFacts({ connection: aConnection({ epoch: 2 }) })),
      legacy({ status: 'revoked' }),
    ]
    for (const facts of over) {
      assert.equal(grantedBy(decide(facts)).revoked, false)
      assert.deepEqual(writesOf(facts), [])
    }
  })

  test('a token that this database should know, or of an unknown version, is trouble of ours', () => {
    const until = (healingUntil: number) => ({ at: noon, healingUntil, lostBelow: 1000 })
    const numbering = (changes: Partial<Numbering> = {}): Numbering => ({
      next: 100,
      accountedFor: true,
      declared: undefined,
      ...changes,
    })
    const gone = (changes: Partial<Numbering>): PresentedFacts => ({
      kind: 'refresh',
      generation: 0,
      grant: undefined,
      client: undefined,
      lost: { number: 2, numbering: numbering(changes), displaced: false },
    })
    assert.equal(reasonOf(decide({ kind: 'version_unknown' })), 'key_version_unknown')
    assert.equal(reasonOf(decide(gone({ accountedFor: false }))), 'state_behind')
    assert.equal(grantedBy(decide(gone({}))).revoked, false)
    assert.equal(grantedBy(decide(gone({ accountedFor: false, declared: until(noon + 1) }))).revoked, false)
  })
})
