/**
 * The whole life of a request at a dialect's endpoint, in five numbered steps. Nothing here knows which
 * dialect or which operation it is.
 */
import type { Context, Dialect, Endpoint, Refuse, Reply } from '../dialects/dialect.ts'
import type { Presented } from '../dialects/proofs.ts'
import { hearBearer } from '../dialects/proofs.ts'
import type { AccessClaims } from '../kernel/access-token.ts'
import type { Actor, Answer } from '../kernel/decision.ts'
import type { Operation, World } from '../kernel/kernel.ts'
import { clientChanged, perform } from '../kernel/kernel.ts'
import type { Authenticated } from '../kernel/operations/authenticate-client.ts'
import { authenticateClient } from '../kernel/operations/authenticate-client.ts'
import type { Identity } from '../kernel/operations/identity.ts'
import { operations } from '../kernel/operations/index.ts'
import type { Access, Caller, Regions } from '../kernel/operations/issue.ts'
import type { Policy } from '../kernel/policy.ts'
import { policyOf } from '../kernel/policy.ts'
import type { Client } from '../kernel/records.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { refusals } from '../kernel/refusals.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { closedProblems } from './closed.ts'
import type { FailedAttempts } from './failed-attempts.ts'
import type { Limits } from './limits.ts'
import type { Parameters as HeardParameters } from './parameters.ts'
import { hearParameters, missingIn, othersIn, select, valuesOf } from './select-endpoint.ts'
import type { Usage } from './usage.ts'

/** One dialect under one prefix, as the configuration mounts it. */
export type Mount = {
  readonly dialect: Dialect
  /** '' or `/name`. */
  readonly prefix: string
  readonly issuer: string
  readonly origin: string
  /** Its address at each region, by the region's name; empty where none are configured. */
  readonly issuers: ReadonlyMap<string, string>
  /** Of the dialect, with what the operator changed for this mount; without a client's own. */
  readonly policy: Policy
}

export type Request = {
  readonly id: string
  readonly method: string
  readonly address: string
  readonly path: Readonly<Record<string, string>>
  readonly query: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer | undefined
  /** Whether the caller has hung up. */
  isGone(): Promise<boolean>
}

export type Services = {
  readonly world: World
  readonly limits: Limits
  /** Wrong passwords at the pages, by address. */
  readonly signInFailures: FailedAttempts
  readonly usage: Usage
  /** The policies of all mounts, by the name of their dialect. */
  readonly policies: Readonly<Record<string, Partial<Policy>>>
  /** Where this server is, of several that share users; absent where the operator has one. */
  readonly regions: Regions | undefined
  sign(access: Access, mount: Mount): Promise<string>
  /** An id_token, bound by hashes to what goes out beside it. */
  signIdentity(identity: Identity, mount: Mount, beside: Beside): Promise<string>
  readonly passwords: Passwords
  /** Why nobody may be answered, if so; from here on, what is known of keys is new enough to judge by. */
  closed(): Promise<keyof typeof closedProblems | undefined>
  /** Whether mail is configured. */
  readonly mails: boolean
  /** The client of an application token of this mount. */
  clientOfToken(token: string, mount: Mount): string | undefined
  /** What an access token of this mount says of a user or company, within its time. */
  subjectOfToken(token: string, mount: Mount): AccessClaims | undefined
  /** The keys by which tokens are verified (RFC 7517 §5). */
  publicKeys(): object
  /** What a JWT says that one of our keys signed. */
  verify(token: string): AccessClaims | undefined
}

/** What an answer gives beside its id_token; a stolen one put in its place would not fit the hash. */
export type Beside = { readonly accessToken?: string | undefined; readonly code?: string | undefined }

/** What the log line says beside the status and the time. */
export type Noted = {
  operation?: string
  reason?: string
  problem?: string
  client?: string
  repeated?: boolean
}

export type Answered = { readonly reply: Reply; readonly noted: Noted; readonly client: Client | undefined }

const attemptsMax = 3

/** Answers a request to a route, at which stand these endpoints. */
export async function answer(
  request: Request,
  mount: Mount,
  endpoints: readonly Endpoint[],
  services: Services,
): Promise<Answered> {
  for (let attempt = 1; ; attempt += 1) {
    const answered = await answerOnce(request, mount, endpoints, services)
    // Nothing was decided yet: whoever was recalled has to prove itself as what it is now.
    if (answered.noted.problem !== clientChanged.refused.problem || attempt === attemptsMax) return answered
  }
}

async function answerOnce(
  request: Request,
  mount: Mount,
  endpoints: readonly Endpoint[],
  services: Services,
): Promise<Answered> {
  const { dialect } = mount
  const now = services.world.moment().now
  const context = contextOf(request, mount, services, now)
  const noted: Noted = {}
  const refused = (refusal: Refusal, endpoint?: Endpoint, client?: Client): Answered => {
    noted.reason = refusal.reason
    if (refusal.problem !== undefined) noted.problem = refusal.problem
    services.limits.note(refusal.reason, request.address)
    // A client that is known is told with its own statuses.
    const told = client ? { ...context, policy: policyOf(mount.policy, client) } : context
    return { reply: refusing(endpoint?.refuse ?? dialect.refuse, refusal, told), noted, client }
  }

  // 1 Select the endpoint: the method first, then the parameter that tells several apart.
  const here = endpoints.filter(({ route }) => route.startsWith(`${request.method} `))
  const [first] = here
  if (!first) {
    const accepted = [...new Set(endpoints.map(({ route }) => route.split(' ')[0] ?? ''))]
    return refused({ reason: 'method_not_allowed', accepted }, endpoints[0])
  }
  const heard = hearParameters(request, first, dialect)
  if ('refusal' in heard) return refused(heard.refusal, first)
  const selected = select(here, heard)
  if ('refusal' in selected) return refused(selected.refusal, first)
  const { endpoint } = selected
  noted.operation = endpoint.does
  const closed = await services.closed()
  if (closed) return refused({ reason: 'state_behind', problem: closedProblems[closed] }, endpoint)
  if (services.limits.isSpent(request.address)) {
    return refused({ reason: 'too_many_attempts', retryAfterSeconds: 60 }, endpoint)
  }

  // 2 Hear its parameters. 3 Prove the client. Which comes first is the dialect's.
  const missing = missingIn(heard, endpoint)
  if (missing && endpoint.order !== 'client first') return refused(missing, endpoint)
  const proved = await prove(request, mount, endpoint, heard, services)
  if ('refused' in proved) return refused(proved.refused, endpoint)
  const { client, proven } = proved.granted
  noted.client = client.id
  // Where the client comes first, a disabled one hears nothing of its parameters.
  if (missing && client.status === 'disabled') return refused({ reason: 'client_disabled' }, endpoint, client)
  if (missing) return refused(missing, endpoint, client)
  const policy = policyOf(mount.policy, client)
  const actor: Actor = { actor: `client:${client.id}`, address: request.address, requestId: request.id }
  const regions = dialect.isRegional ? services.regions : undefined
  const caller: Caller = { client, proven: proven && !policy.secretsArePublic, policy, actor, regions }
  const others = othersIn(heard, endpoint)
  const input = endpoint.hear(valuesOf(heard, endpoint), { caller, others, ...context })
  if ('refusal' in input) return refused(input.refusal, endpoint, client)

  // 4 Perform: look, decide, commit.
  const answered = await performing(request, endpoint, { caller, ...input }, client, services)
  if ('refused' in answered) return refused(answered.refused, endpoint, client)

  // 5 Say: sign what is to be signed, in the dialect's words.
  const { granted } = answered
  const result = await signed(granted, mount, services)
  if (isRepeat(granted)) noted.repeated = true
  services.usage.note(granted)
  if ('unknown' in granted && granted.unknown === true) services.limits.noteGuess(request.address)
  // The endpoint was written with this operation's result type, see `endpoint()`.
  return { reply: endpoint.say(result as never, { caller, ...context }), noted, client }
}

/** Seconds after which a caller may ask again when the trouble is ours. */
const retryAfterSeconds = 1

/** A refusal in the dialect's words, with the headers that any dialect's caller goes by. */
export function refusing(refuse: Refuse, refusal: Refusal, context: Context): Reply {
  const reply = refuse(refusal, context)
  const { status } = refusals[refusal.reason]
  const headers: Record<string, string> = { ...reply.headers }
  if (status === 503 || status === 429) {
    headers['retry-after'] = String(refusal.retryAfterSeconds ?? retryAfterSeconds)
  }
  // RFC 9110 §15.5.6: a 405 lists the methods that there are.
  if (refusal.reason === 'method_not_allowed' && refusal.accepted) headers.allow = refusal.accepted.join(', ')
  return { ...reply, headers }
}

export const contextOf = (
  request: Pick<Request, 'id' | 'path' | 'headers'>,
  mount: Mount,
  { policies, mails, publicKeys, verify }: Pick<Services, 'policies' | 'mails' | 'publicKeys' | 'verify'>,
  now: number,
): Context => ({
  issuer: mount.issuer,
  origin: mount.origin,
  now,
  requestId: request.id,
  path: request.path,
  bearer: hearBearer(request.headers.authorization),
  policy: mount.policy,
  policies,
  addressOf: (region) => addressOf(mount, region),
  mails,
  publicKeys,
  verify,
})

/** Where a mount is asked by whoever lives in this region; one that nobody configured is asked here. */
export function addressOf({ issuer, issuers }: Mount, region: string | undefined): string {
  if (issuers.size > 0) return (region !== undefined && issuers.get(region)) || issuer
  // Where no regions are configured, an organization's may have been recorded as the address itself.
  return region && /^https?:\/\//.test(region) ? region : issuer
}

async function prove(
  request: Request,
  mount: Mount,
  endpoint: Endpoint,
  heard: HeardParameters,
  { world, clientOfToken, subjectOfToken }: Services,
): Promise<Answer<Authenticated>> {
  const presented: Presented = {
    parameters: new Map([...heard].map(([name, values]) => [name, values[0] ?? ''])),
    headers: request.headers,
    path: request.path,
    clientOfToken: (token) => clientOfToken(token, mount),
    subjectOfToken: (token) => subjectOfToken(token, mount),
  }
  const shown = endpoint.client(presented)
  if ('refusal' in shown) return { refused: shown.refusal }
  return perform(authenticateClient, { dialect: mount.dialect.name, ...shown }, world)
}

/** A password is verified first, and an exchange takes one of the client's budget. */
async function performing(
  request: Request,
  endpoint: Endpoint,
  input: object,
  client: Client,
  services: Services,
): Promise<Answer<object>> {
  const { world, passwords } = services
  if (!isWithPassword(input)) return runWithinBudget(request, endpoint, input, client, services)
  const asked = { username: input.username, password: input.credential.password }
  return passwords.check(asked, (checked) => run(request, endpoint, { ...input, credential: checked }, world))
}

const isWithPassword = (input: object): input is { username: string; credential: { password: string } } =>
  'credential' in input && 'username' in input

/** An exchange takes one of the client's budget; one that made nothing gives it back. */
async function runWithinBudget(
  request: Request,
  endpoint: Endpoint,
  input: object,
  client: Client,
  { world, limits }: Services,
): Promise<Answer<object>> {
  const reserving = endpoint.does.startsWith('exchange') ? limits.reserve(client) : undefined
  if (!reserving) return run(request, endpoint, input, world)
  const reserved = await reserving
  let isMade = false
  try {
    const answered = await run(request, endpoint, { budgetSpent: reserved.spent, ...input }, world)
    isMade = 'granted' in answered && !isRepeat(answered.granted)
    return answered
  } finally {
    reserved.settle(isMade)
  }
}

const isRepeat = (granted: object): boolean => 'repeated' in granted && granted.repeated === true

function run({ isGone }: Request, endpoint: Endpoint, input: object, world: World): Promise<Answer<object>> {
  // `hear` returned the input of just this operation, see `endpoint()`.
  const operation = operations[endpoint.does] as unknown as Operation<object, unknown, object>
  return perform(operation, input, world, isGone)
}

/** The id_token last: it has the access token's hash in it. */
async function signed(granted: object, mount: Mount, services: Services): Promise<object> {
  // Both are what `Issued` says: only operations that issue tokens have results with these.
  const { access, identity } = granted as { readonly access?: Access; readonly identity?: Identity }
  if (!access && !identity) return granted
  const accessToken = access && (await services.sign(access, mount))
  const idToken = identity && (await services.signIdentity(identity, mount, { accessToken }))
  return { accessToken, idToken, ...granted }
}
