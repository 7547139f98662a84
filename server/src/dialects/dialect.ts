/**
 * A dialect is how one company speaks HTTP: what it **hears** in a request, how it **says** a result, how it
 * **refuses**. It is data and small functions in one file; nothing else knows its name.
 */

import type { AccessClaims } from '../kernel/access-token.ts'
import type { AuthorizationRules } from '../kernel/operations/authorization.ts'
import type { Identity } from '../kernel/operations/identity.ts'
import type { OperationInput, OperationName, OperationResult } from '../kernel/operations/index.ts'
import type { Access, Caller, Issued } from '../kernel/operations/issue.ts'
import type { Policy } from '../kernel/policy.ts'
import type { Client, Milliseconds } from '../kernel/records.ts'
import type { Refusal } from '../kernel/refusals.ts'
import type { Proof } from './proofs.ts'

/** What an endpoint takes: RFC 6749 §3.2 wants each once, but for those that are `many` (RFC 8707 §2). */
export type Takes = Readonly<Record<string, 'required' | 'optional' | 'many'>>

type Keys<T extends Takes, Kind> = { [K in keyof T]: T[K] extends Kind ? K : never }[keyof T]

/** Its parameters, as `hear` gets them: a misspelt or wrongly optional one does not compile. */
export type Heard<T extends Takes> = { readonly [K in Keys<T, 'required'>]: string } & {
  readonly [K in Keys<T, 'optional'>]: string | undefined
} & { readonly [K in Keys<T, 'many'>]: readonly string[] }

export type Reply = {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export const reply = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Reply =>
  headers ? { status, body, headers } : { status, body }

/** Where an answer is said. `issuer` is the configured public address of the mount, never a `Host` header. */
export type Context = {
  readonly issuer: string
  /** The configured public address, without any mount's prefix. */
  readonly origin: string
  readonly now: Milliseconds
  readonly requestId: string
  /** The parts of the path that the route names (`:key`). */
  readonly path: Readonly<Record<string, string>>
  /** What stands behind `Bearer` in the header (RFC 6750 §2.1). */
  readonly bearer: string | undefined
  /** The policy of this mount, without a client's own. */
  readonly policy: Policy
  /** The policies of all mounts, by the name of their dialect. */
  readonly policies: Readonly<Record<string, Partial<Policy>>>
  /** Where this mount is asked by whoever lives in this region: `issuer`, where that is here or nowhere. */
  addressOf(region: string | undefined): string
  /** Whether mail is configured. */
  readonly mails: boolean
  /** The keys by which tokens are verified, those of other mounts among them (RFC 7517 §5). */
  publicKeys(): object
  /** What a JWT says that one of our keys signed, for whichever mount; `undefined` for anything else. */
  verify(token: string): AccessClaims | undefined
}

/** Parameters by names that an endpoint does not know itself, or why they cannot be taken. */
export type Others = ReadonlyMap<string, string> | { readonly refusal: Refusal }

/** How bodies are read. Anything else is 415. */
export type BodyKind = 'form' | 'json' | 'form or json' | 'json, whatever the content type says' | 'none'

/** An operation's result, with its tokens signed where there are some. */
export type Result<Name extends OperationName> =
  OperationResult<Name> extends Issued ? SignedTokens : OperationResult<Name>

/** What an operation issued, signed: the app that asked by `openid` gets an id_token, too. */
export type SignedTokens = Issued & {
  readonly accessToken: string | undefined
  readonly idToken: string | undefined
}

type EndpointOf<Name extends OperationName, T extends Takes> = {
  /** Method and path below the mount: `POST /oauth2/token`. A segment `:name` is in `context.path`. */
  readonly route: `${'GET' | 'POST' | 'DELETE'} /${string}`
  /** Of several endpoints at one route, the one whose `when` fits. */
  readonly when?: Readonly<Record<string, string>>
  readonly body: BodyKind
  /**
   * Names of parameters that may stand in the address; all others there are ignored or refused
   * (`Dialect.query`).
   */
  readonly inQuery?: readonly string[]
  readonly client: Proof
  /** Most dialects look at the parameters first. */
  readonly order?: 'parameters first' | 'client first'
  readonly takes: T
  /**
   * With it, all other parameters come to `hear` too, but for these: names that mean something elsewhere.
   * Without it, they are ignored (RFC 6749 §3.2).
   */
  readonly othersBut?: readonly string[]
  readonly does: Name
  /** The operation's input, or why there is none. */
  readonly hear: (
    parameters: Heard<T>,
    context: Context & { readonly caller: Caller; readonly others: Others },
  ) => Omit<OperationInput<Name>, 'caller'> | { readonly refusal: Refusal }
  readonly say: (result: Result<Name>, context: Context & { readonly caller: Caller }) => Reply
  /** Where this endpoint refuses otherwise than its dialect. */
  readonly refuse?: Refuse
  /** Browser apps of other origins may call it (CORS), where the client names their origin. */
  readonly crossOrigin?: boolean
}

/** An endpoint whose types have done their work; `http/` runs it without knowing which operation it is. */
export type Endpoint = EndpointOf<OperationName, Takes>

/** Writes an endpoint: the compiler holds parameters, operation and result together. */
export function endpoint<const Name extends OperationName, const T extends Takes>(
  written: EndpointOf<Name, T>,
): Endpoint {
  // `hear` and `say` belong to one operation, and `http/` hands each the input and result of just that one.
  return written as unknown as Endpoint
}

export type Refuse = (refusal: Refusal, context: Context) => Reply

/** The page where a user allows an app (RFC 6749 §3.1), where the dialect has one. */
export type AuthorizePage = AuthorizationRules & {
  readonly path: `/${string}`
  /** What stands between two scopes in the request. */
  readonly separator: string
  /** Whether the request may name resources (RFC 8707 §2.1). Absent: the parameter means nothing here. */
  readonly resource?: 'many'
  /** Values of `display`; any other is refused. Absent: whatever stands there asks for nothing. */
  readonly displays?: readonly string[]
  /** Likewise of `prompt`, where several may stand. */
  readonly prompts?: readonly string[]
  /** What the app's redirect address gets. What is `undefined` is left out. */
  readonly say: (allowed: Allowed) => RedirectParameters
  readonly refuse: (refusal: Refusal, state: string | undefined, issuer: string) => RedirectParameters
}

export type RedirectParameters = Readonly<Record<string, string | undefined>>

export type Allowed = {
  /** Absent where the app has asked for an id_token alone. */
  readonly code: string | undefined
  readonly idToken: string | undefined
  readonly state: string | undefined
  readonly issuer: string
  readonly clientId: string
  /** Who allowed it, whomever the app acts for. */
  readonly userId: string
  readonly organizationId: string
  /** Where this mount is asked by whoever lives where they do: `issuer`, where that is here or nowhere. */
  readonly geolocation: string
}

/**
 * A fixed document, such as server metadata (RFC 8414). `at` is an absolute path where the mount's prefix has
 * no say.
 */
export type Document = {
  readonly path: (prefix: string) => string
  readonly say: (context: Context) => Reply
}

/** What the header and the claims of a signed access token are. */
export type Claims = (
  access: Access,
  context: ClaimsContext,
) => { readonly header: object; readonly claims: object }
export type ClaimsContext = { readonly issuer: string; readonly keyId: string; readonly algorithm: string }

/** The part of a token's claims that names differ for; `undefined`: this is no token of the dialect's. */
export type HearClaims = (
  claims: Readonly<Record<string, unknown>>,
) => Pick<AccessClaims, 'clientId' | 'userId' | 'organizationId' | 'scopes'> | undefined

/**
 * What `demo` makes for a dialect: clients, people and tokens to try it with. Transcripts run on the same.
 */
export type Sample = {
  readonly clients: readonly SampleClient[]
  readonly lists: readonly SampleList[]
  readonly requestTokens?: readonly SampleRequestToken[]
  /** The dialect's section of `demo.json`. */
  readonly say: (made: Made) => Readonly<Record<string, unknown>>
  /** A first exchange, to be pasted into a shell. */
  readonly curl?: (told: Told) => string
  /** Somebody who lives in another region is asked for here, and then there; where there is one. */
  readonly curlElsewhere?: (told: Told) => string
}
/** The section of `demo.json`, for a line that is to work now. */
export type Told = {
  /** The address of the mount. */
  readonly at: string
  /** A value of the section. */
  value(name: string): string
  /** A token of this list that nobody has exchanged yet. */
  unused(list: string): string
}
export type SampleClient = {
  readonly key: string
  readonly name: string
  /** The client id; absent: made by the server. */
  readonly id?: string
  readonly type: Client['type']
  readonly scopes: readonly string[]
  readonly redirectUris?: readonly string[]
  readonly identifiers?: readonly string[]
  readonly mayIntrospect?: boolean
  /** What it alone does otherwise than its dialect. */
  readonly policy?: Partial<Policy>
  /** Where samples can be told what happens to their grants, this one is. */
  readonly isTold?: boolean
}
/** A list of legacy tokens, each of its own user. */
export type SampleList = {
  readonly name: string
  /** Key of the sample client that owns the tokens; absent: they name none. */
  readonly client?: string
  readonly kind: string
  readonly scopes?: readonly string[]
  /** Each token's own organization, one for the whole dialect, or none. */
  readonly organization: 'each' | 'one' | 'none'
}
/** A request token for the dialect's one organization. It is good for a day, as any. */
export type SampleRequestToken = {
  readonly name: string
  /** Key of the sample client that it is made for. */
  readonly client: string
}
export type Made = {
  client(key: string): { readonly id: string; readonly secret: string }
  tokens(list: string): readonly string[]
  requestToken(name: string): string
  /** The id of the dialect's one organization. */
  readonly organization: string
  /** Somebody who can sign in, and is a member of that organization. */
  readonly username: string
  readonly password: string
  /** A colleague who lives in another region; absent where there is one alone. */
  readonly elsewhere:
    | { readonly username: string; readonly password: string; readonly region: string }
    | undefined
}

export type Dialect = {
  readonly name: string
  readonly title: string
  /** Where and when we learned it. */
  readonly source: string
  readonly policy: Partial<Policy>
  readonly endpoints: readonly Endpoint[]
  readonly authorize?: AuthorizePage
  readonly documents?: readonly Document[]
  readonly claims: Claims
  /** Reads those claims back, where they are not those of RFC 9068. */
  readonly hearClaims?: HearClaims
  /** What an id_token says beside the claims of OpenID Connect; none of those that make an access token. */
  readonly identityClaims?: (identity: Identity, issuer: string) => Readonly<Record<string, unknown>>
  readonly refuse: Refuse
  /**
   * What a request with credentials in its address gets: OAuth 2.1 forbids them there, most legacy systems do
   * not care.
   */
  readonly query: 'ignored' | 'refused'
  /** On every answer, whatever it is: the name by which the request stands in the log. */
  readonly correlationHeader?: string
  /** Whether who lives in another region is sent there. Absent: everybody is answered everywhere. */
  readonly isRegional?: boolean
  readonly sample: Sample
  /** How an app asks with a request token; absent: nobody hands it one, since it could not. */
  readonly requestToken?: RequestTokenRequest
  /**
   * Where the company has a call of its own that tells an app that a user has taken it out: that call, with
   * HTTP Basic credentials of the app, goes to its callback. Absent: the app gets signed webhooks.
   */
  readonly uninstalled?: (facts: Uninstalled) => {
    readonly method: 'DELETE' | 'POST'
    readonly body: unknown
  }
}

/** What an app sends, beside the proof of who it is, below the mount. */
export type RequestTokenRequest = (made: { readonly subjectId: string; readonly requestToken: string }) => {
  readonly path: `/${string}`
  readonly form: Readonly<Record<string, string>>
}

/** Who has taken an app out, or for whom; what is unknown is empty. */
export type Uninstalled = {
  readonly clientId: string
  readonly userId: string
  readonly organizationId: string
  readonly at: Milliseconds
}
