import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dialects } from '../dialects/index.ts'
import type { EventKind } from '../kernel/event-kinds.ts'
import type { CallbackKind, Event } from '../kernel/records.ts'
import { aClient, noon } from '../testing/records.ts'
import { messageOf } from './message.ts'
import { callbackKinds, wantedCallback } from './wanted.ts'

const anEvent = (changes: Partial<Event> = {}): Event => ({
  id: 1,
  at: noon,
  kind: 'grant_created',
  actor: 'operator alice',
  address: '192.0.2.7',
  requestId: 'request-7',
  clientId: 'app',
  userId: 'user',
  organizationId: 'company',
  grantNumber: 4711,
  detail: undefined,
  ...changes,
})

const told = aClient({ callback: 'https://app.example/hook' })
const signing = dialects.find(({ uninstalled }) => !uninstalled)
const calling = dialects.find(({ uninstalled }) => uninstalled)

suite('wanted callbacks', () => {
  const meanings: readonly (readonly [EventKind, CallbackKind | undefined])[] = [
    ['grant_created', 'grant.created'],
    ['connection_confirmed', 'grant.confirmed'],
    ['grant_revoked', 'grant.revoked'],
    ['connection_revoked', 'grant.revoked'],
    ['legacy_token_reset', 'grant.revoked'],
    ['legacy_token_revoked', 'grant.revoked'],
    ['legacy_token_exchanged', 'legacy_token.exchanged'],
    ['refresh_token_reused', 'refresh_token.reused'],
    ['grant_healed', undefined],
    ['access_token_revoked', undefined],
    ['client_barred', undefined],
    ['client_changed', undefined],
    ['callback_disabled', undefined],
    ['sign_in_locked', undefined],
    ['key_added', undefined],
  ]
  for (const [kind, meaning] of meanings) {
    test(`${kind} means ${meaning ?? 'nothing'} to an app`, () => {
      assert.equal(wantedCallback(anEvent({ kind }), told, signing), meaning)
    })
  }

  test('every kind of message comes of some event', () => {
    const kinds = new Set(meanings.map(([, meaning]) => meaning))
    assert.deepEqual(
      Object.keys(callbackKinds).filter((kind) => !kinds.has(kind as CallbackKind)),
      [],
    )
  })

  test('an app hears of its own grants alone', () => {
    for (const clientId of ['another', undefined])
      assert.equal(wantedCallback(anEvent({ clientId }), told, signing), undefined)
  })

  test('an app without an address, or whose address is off, hears nothing', () => {
    assert.equal(wantedCallback(anEvent(), aClient(), signing), undefined)
    assert.equal(wantedCallback(anEvent(), { ...told, callbackStatus: 'off' }, signing), undefined)
  })

  test('an app that named kinds hears of those alone', () => {
    const choosy = { ...told, callbackEvents: ['grant.revoked', 'refresh_token.reused'] }
    assert.equal(wantedCallback(anEvent(), choosy, signing), undefined)
    assert.equal(wantedCallback(anEvent({ kind: 'grant_revoked' }), choosy, signing), 'grant.revoked')
  })

  test('the end of a legacy token that never became a grant, or that the app gave up itself, ends no grant', () => {
    const kind = 'legacy_token_revoked'
    assert.equal(wantedCallback(anEvent({ kind, grantNumber: undefined }), told, signing), undefined)
    assert.equal(wantedCallback(anEvent({ kind, actor: 'client:app' }), told, signing), undefined)
  })

  test('where the dialect has a call of its own, an app hears that it was taken out, if it did not do so itself', () => {
    assert.ok(calling)
    const kinds = meanings.filter(([kind]) => wantedCallback(anEvent({ kind }), told, calling) !== undefined)
    assert.deepEqual(kinds, [['connection_revoked', 'grant.revoked']])
    for (const [actor, wanted] of [
      ['user:user', 'grant.revoked'],
      ['user:admin', 'grant.revoked'],
      ['client:app', undefined],
    ] as const) {
      assert.equal(wantedCallback(anEvent({ kind: 'connection_revoked', actor }), told, calling), wanted)
    }
  })
})

suite('messages', () => {
  const data = (changes: Partial<Event>) =>
    JSON.parse(JSON.stringify(messageOf(anEvent(changes), 'grant.revoked').data))

  test('a message says who and why, and no number, address or name beside them', () => {
    const message = messageOf(
      anEvent({ kind: 'connection_revoked', detail: 'connection 4711, 3 grants' }),
      'grant.revoked',
    )
    assert.deepEqual(JSON.parse(JSON.stringify(message)), {
      type: 'grant.revoked',
      timestamp: '2026-07-01T12:00:00.000Z',
      data: {
        client_id: 'app',
        user_id: 'user',
        organization_id: 'company',
        actor: 'operator',
        reason: 'uninstalled',
      },
    })
    assert.doesNotMatch(JSON.stringify(message), /4711|alice|192\.0\.2|request-7/)
  })

  test('what is not known is left out', () => {
    const message = messageOf(anEvent({ userId: undefined, organizationId: undefined }), 'grant.created')
    assert.equal(JSON.stringify(message.data), JSON.stringify({ client_id: 'app', actor: 'operator' }))
  })

  test('whoever did it is told by kind', () => {
    const actors = ['client:app', 'user:user', 'user:admin', 'operator alice', 'tokenferry']
    assert.deepEqual(
      actors.map((actor) => data({ actor }).actor),
      ['app', 'user', 'admin', 'operator', 'operator'],
    )
  })

  test('the reason is a word of ours, whatever the event says', () => {
    assert.equal(data({ kind: 'grant_revoked', detail: 'too_many_grants' }).reason, 'too_many_grants')
    assert.equal(data({ kind: 'grant_revoked', detail: 'for 3 users' }).reason, 'revoked')
    assert.equal(data({ kind: 'grant_revoked' }).reason, 'revoked')
    assert.equal(data({ kind: 'legacy_token_reset' }).reason, 'legacy_token_reset')
  })
})
