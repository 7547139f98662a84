/** Asks the real server what the model is asked, and says the answer as the model would. */
import assert from 'node:assert/strict'
import { hearRefreshToken, hearTokenId, locatorHash } from '../kernel/chain.ts'
import type { Answer as Answered } from '../kernel/decision.ts'
import type { Operation } from '../kernel/kernel.ts'
import { perform } from '../kernel/kernel.ts'
import { lookupsOf } from '../kernel/legacy-lookup.ts'
import { changeClient } from '../kernel/operations/change-client.ts'
import { endGrant } from '../kernel/operations/end-grant.ts'
import { resetLegacyToken } from '../kernel/operations/reset-legacy-token.ts'
import { revokeConnection } from '../kernel/operations/revoke-connection.ts'
import { revokeLegacyToken } from '../kernel/operations/revoke-legacy-token.ts'
import { setStatus } from '../kernel/operations/set-status.ts'
import type { Reason } from '../kernel/refusals.ts'
import { refusals } from '../kernel/refusals.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import { legacyTokenType, tokenExchange } from './asks.ts'
import type { Access, Answer, App, Asked, Said } from './model.ts'
import { organizationOfApp } from './model-scene.ts'
import type { Node } from './model-world.ts'

/** What a request says besides: tokens themselves, which the model knows by what they name. */
export type Request = Asked & { readonly text?: string }

export type Heard = {
  readonly answer: Answer
  /** Who said it; of a pair alone. */
  readonly said?: Said & { readonly text: string; readonly app: string }
  readonly access?: Access & { readonly text: string }
}

type Secret = { readonly secret?: string | undefined }

const operator = { actor: 'operator', address: undefined, requestId: undefined }
let asked = 0

export async function askServer(request: Request, node: Node): Promise<Heard> {
  try {
    return isOfApp(request) ? await askAsApp(request, node) : { answer: await askAsOperator(request, node) }
  } catch (error) {
    if (error instanceof StoreUnavailable) return { answer: { refused: 'unavailable' } }
    throw error
  }
}

type OfApp = Extract<
  Request,
  {
    ask:
      | 'exchange'
      | 'refresh'
      | 'give_up'
      | 'give_up_access'
      | 'give_up_legacy'
      | 'introspect'
      | 'introspect_access'
  }
>
const ofApps = [
  'exchange',
  'refresh',
  'give_up',
  'give_up_access',
  'give_up_legacy',
  'introspect',
  'introspect_access',
]
const isOfApp = (request: Request): request is OfApp => ofApps.includes(request.ask)

function formOf(request: OfApp): readonly [path: string, form: Record<string, string | undefined>] {
  const { text = '', app } = request
  const isStandard = app.dialect === 'standard'
  switch (request.ask) {
    case 'exchange': {
      const { name } = request.token
      if (!isStandard)
        return ['/pipedrive/oauth/token', { grant_type: 'exchange_api_token', api_token: name }]
      const { scopes, resource } = request
      const form = { subject_token: name, subject_token_type: legacyTokenType, scope: scopes?.join(' ') }
      return ['/oauth2/token', { grant_type: tokenExchange, ...form, resource: resource || undefined }]
    }
    case 'refresh': {
      const form = { grant_type: 'refresh_token', refresh_token: text }
      if (!isStandard) return ['/pipedrive/oauth/token', form]
      return ['/oauth2/token', { ...form, scope: request.scopes?.join(' ') }]
    }
    case 'give_up_legacy':
      return [isStandard ? '/oauth2/revoke' : '/pipedrive/oauth/revoke', { token: request.token.name }]
    case 'introspect':
    case 'introspect_access':
      return ['/oauth2/introspect', { token: text }]
    default:
      return [isStandard ? '/oauth2/revoke' : '/pipedrive/oauth/revoke', { token: text }]
  }
}

async function askAsApp(request: OfApp, node: Node): Promise<Heard> {
  const [url, form] = formOf(request)
  const { app } = request
  const { secret } = app as App & Secret
  const proof = { client_id: app.id, client_secret: secret }
  const payload = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...form, ...proof })) if (value) payload.set(name, value)
  // An address of its own: its reason is found by it, and no failure counts against another request.
  asked += 1
  const remoteAddress = `10.${(asked >> 16) & 255}.${(asked >> 8) & 255}.${asked & 255}`
  const reply = await node.app.inject({
    method: 'POST',
    url,
    remoteAddress,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: payload.toString(),
  })
  const body: Record<string, unknown> = reply.json()
  const reason = node.reasons.get(remoteAddress)
  node.reasons.delete(remoteAddress)
  if (reply.statusCode !== 200) {
    assert.ok(reason !== undefined, `a refusal without a reason: ${reply.payload}`)
    saidProperly(request, reason as Reason, reply.statusCode, reply.headers['retry-after'], body)
    return { answer: { refused: reason } }
  }
  assert.equal(reason, undefined)
  if (request.ask.startsWith('introspect')) return { answer: { active: body.active === true } }
  if (typeof body.refresh_token !== 'string') return { answer: 'done' }
  return pairIn(body, app, node)
}

/** What went wrong here is never blamed on the caller; what the caller did wrong is a clear 4xx. */
function saidProperly(
  { app, ask }: OfApp,
  reason: Reason,
  status: number,
  retryAfter: unknown,
  body: Record<string, unknown>,
): void {
  const known = refusals[reason]
  const text = `${reason} was said with ${status}: ${JSON.stringify(body)}`
  if (known.status === 503) {
    assert.equal(status, 503, text)
    assert.ok(Number(retryAfter) >= 1, `${text}, without Retry-After`)
    assert.doesNotMatch(String(body.error), /^invalid_/)
    return
  }
  assert.ok(status >= 400 && status < 500, text)
  if (app.dialect !== 'standard') return
  const isBadSubject = ask === 'exchange' && known.oauth === 'invalid_grant'
  assert.equal(body.error, isBadSubject ? 'invalid_request' : known.oauth, text)
  assert.equal(status, known.status, text)
}

function pairIn(body: Record<string, unknown>, app: App, { deployment }: Node): Heard {
  const ring = deployment.keyRing.ring()
  const [text, accessText] = [String(body.refresh_token), String(body.access_token)]
  const heard = hearRefreshToken(ring, text)
  assert.ok(heard.heard === 'genuine')
  const { number, generation, locator } = heard.token
  const claims = JSON.parse(Buffer.from(accessText.split('.')[1] ?? '', 'base64url').toString())
  const accessNumber = hearTokenId(ring, claims.jti)
  assert.equal(accessNumber, number, 'both tokens of a pair are of one grant')
  const scopes = String(body.scope).split(/[ ,]/).filter(Boolean)
  return {
    answer: { number, generation, scopes },
    said: { number, generation, locator: locatorHash(locator).toString('hex'), text, app: app.id },
    access: {
      ...{ id: claims.jti, number, app: app.id, user: claims.sub, text: accessText },
      ...{ issued: claims.iat * 1000, expires: claims.exp * 1000 },
    },
  }
}

async function askAsOperator(request: Exclude<Request, OfApp>, { deployment }: Node): Promise<Answer> {
  const { world, store } = deployment
  const run = async <I, F, R>(operation: Operation<I, F, R>, input: I): Promise<Answer> =>
    answerIn(await perform(operation, input, world))
  switch (request.ask) {
    case 'end_grant':
      return run(endGrant, { grant: request.number, reason: 'operator', actor: operator })
    case 'end_connection': {
      const found = await store.findConnection(request.app.id, request.user, organizationOfApp(request.app))
      return run(revokeConnection, { connection: found?.number ?? -1, actor: operator })
    }
    case 'allow_again': {
      const seen = await store.findConnection(request.app.id, request.user, organizationOfApp(request.app))
      if (!seen) return { refused: 'record_unknown' }
      const allowed = { ...seen, status: 'live' } as const
      const done = await store.commit([{ write: 'allow_connection', connection: allowed, seen }])
      return done === 'committed' ? 'done' : { refused: 'contended' }
    }
    case 'switch': {
      const status = request.on ? 'enabled' : 'disabled'
      const isUser = await store.findUser(request.who)
      return isUser
        ? run(setStatus, { record: 'users', id: request.who, status, actor: operator })
        : run(changeClient, { clientId: request.who, change: { status }, actor: operator })
    }
    default: {
      const lookups = lookupsOf(world.moment().ring, request.token.name)
      const input = { lookups, clientId: request.app?.id, actor: operator }
      return request.ask === 'reset' ? run(resetLegacyToken, input) : run(revokeLegacyToken, input)
    }
  }
}

const answerIn = (answered: Answered<unknown>): Answer =>
  'refused' in answered ? { refused: answered.refused.reason } : 'done'
