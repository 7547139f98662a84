/** `docs/reference/configuration.md`: every setting, from the schema that checks them. */
import { z } from 'zod'
import { configSchema } from '../../server/src/config.ts'
import { dialects } from '../../server/src/dialects/index.ts'
import type { Policy } from '../../server/src/kernel/policy.ts'
import { defaultPolicy } from '../../server/src/kernel/policy.ts'
import type { WrittenPolicy } from '../../server/src/policy-fields.ts'
import { policyFields, policyNames } from '../../server/src/policy-fields.ts'
import { code, generated, page, table } from './markdown.ts'

/** What each setting is for. A missing row is refused below. */
const settings: Readonly<Record<string, string>> = {
  public_url: 'The address that callers use. Issuer, redirects and links come from it, never from a request.',
  region: 'Which of `regions` this server is. Absent: there is one place alone, and nobody lives elsewhere.',
  regions:
    'The address of each, this one too, all of one database and `root_secret`. Dialects that know regions (`concur`) send people home.',
  'listen.host': 'Without a listed proxy that ends TLS, only the loopback.',
  'listen.port': 'The port.',
  database:
    '`sqlite:PATH`: a relative path counts from the folder where the command was typed. Or ' +
    '`postgres://user@host/name`, which any number of nodes share; of several hosts, by commas, the primary is found.',
  'postgres.password': 'Its password: `env:NAME` or `file:PATH`. Else `PGPASSWORD`, or the password file.',
  'postgres.connections': 'Connections beside the three that requests share.',
  'postgres.pooler': 'Whether a pooler in transaction mode (PgBouncer) stands between.',
  'postgres.partitions':
    'Parts of the tables that grow, where they are made: 1 up to some ten million tokens. Later changes do nothing.',
  root_secret:
    '64 hex digits that seal the key ring: `env:NAME` or `file:PATH` (mode 0600), outside of the data folder.',
  'mounts[].dialect': 'Which dialect is spoken there.',
  'mounts[].prefix': 'Below which path: `/`, or like `/name`.',
  'mounts[].policy': 'What is done otherwise than the dialect does; see below.',
  'legacy.hmac_key':
    'Your own key, where legacy tokens are imported as `hmac-sha256`: `env:NAME` or `file:PATH`.',
  trusted_proxies: 'Addresses whose `X-Forwarded-*` headers count.',
  'limits.body_bytes': 'The largest body.',
  'limits.failures_per_minute':
    'Failed guesses of tokens that one address (of IPv6: one /64) may make in a minute.',
  'limits.sign_in_failures_per_minute':
    'Wrong passwords that one address (of IPv6: one /64) may try in a minute, whatever the user names.',
  'brand.name': 'Your name, above every page and in every mail. Without it, the host of `public_url`.',
  'brand.accent':
    'Your colour for links and buttons on light pages, such as `"#0b5c7f"`: at least 4.5:1 against white.',
  'brand.accent_dark':
    'The same on dark pages: at least 4.5:1 against `#19212a`. Without it, `accent` made lighter until it can be read.',
  'brand.support': 'Where users get help: an address of a page or of mail, linked below every page.',
  language: 'What is spoken where neither the browser nor the user names a language that there is.',
  scopes:
    'What users are told of a scope: one sentence, or one for each language. A scope without words shows its name.',
  lease:
    'How long the node that mails, calls apps and sweeps may be silent before another one does. One that stops hands over at once.',
  'callbacks.allow_private':
    'Addresses that are not public where apps may be called all the same, also by plain http.',
  'callbacks.retry_first':
    'The pause before an app that could not be told is called again. Each one after it is four times as long, up to 8 h.',
  'callbacks.give_up': 'After this long it is not called again, unless you say so: `outbox retry`.',
  'mail.from':
    'Who mails are from, such as `Acme <no-reply@acme.example>`. Without `mail`, nobody is mailed.',
  'mail.retry_first':
    'The pause before a mail is tried again. Each one after it is twice as long, up to 1 h.',
  'mail.give_up': 'After this long it is not tried again, unless you say so: `outbox retry`.',
  'mail.smtp.host': 'The mail server. Either this, or `mail.folder`.',
  'mail.smtp.port': 'Its port. Without it 465, 587 or 25, as `tls` says.',
  'mail.smtp.tls':
    'From the first byte, by STARTTLS, or not at all. Without it: `none` to this machine, `implicit` at port 465, else `starttls`.',
  'mail.smtp.ca': "A file of certificates (PEM), where a public authority has not signed the server's.",
  'mail.smtp.username': 'Where the server wants one.',
  'mail.smtp.password': 'Its password: `env:NAME` or `file:PATH`.',
  'mail.folder': 'Instead of sending, writes each mail to this folder as a file `.eml`.',
  'sign_in.password': 'Whether users sign in with a password of this server.',
  'sign_in.password_page':
    'A page of yours where users choose another password, linked where one is asked for: an `https` address.',
  'sign_in.provider.name': 'What users know your OpenID Connect provider by: the button says it.',
  'sign_in.provider.issuer': 'Its address, as its discovery document says it; `http` only on the loopback.',
  'sign_in.provider.client_id': 'The id that it has given to this server.',
  'sign_in.provider.client_secret':
    'The secret that it has given: `env:NAME` or `file:PATH`. Without one, a public client.',
  'sign_in.provider.scopes': 'What it is asked for.',
  'sign_in.provider.claim': 'What of its claims says who somebody is.',
  'sign_in.provider.user': 'What of a user here that claim is. `email` goes with the claim `email` alone.',
  'sign_in.provider.unknown_users': 'Users whom nobody has added: refused, or made as they come.',
  log: 'What is logged.',
}

/** What each field of a policy is for. A missing row does not compile. */
const policies: Readonly<Record<keyof WrittenPolicy, string>> = {
  access: 'Life of an access token.',
  access_format: 'A signed JWT (RFC 9068), or an opaque token that only introspection reads.',
  signature: 'How access tokens are signed.',
  refresh: 'Life of a refresh token since its last rotation.',
  code: 'Life of an authorization code.',
  may_refresh: 'Whether the app may refresh at all.',
  direct_grants:
    'Grants of `concur` that are off unless an app is allowed them: the user’s password, a code by mail, a request token.',
  organizations: 'Whether each organization must have let the app in before anybody of it connects it.',
  rotate: 'When a refresh says a new refresh token.',
  exchange_repeat:
    'How long a lost answer to an exchange can be asked for again, by a client that proves itself.',
  exchange_repeat_unproven: 'The same, by any other client.',
  refresh_repeat:
    'How long a lost answer to a refresh can be asked for again, by a client that proves itself.',
  refresh_repeat_unproven: 'The same, by any other client.',
  reuse:
    'What a spent refresh token does, presented after that time: end its grant, or no more than be refused.',
  secrets_are_public: 'Secrets ship inside apps, so they prove nothing.',
  cardinality: 'Who may exchange a legacy token that names no client.',
  legacy_after_exchange: 'What the legacy token is still worth at your API after its exchange.',
  legacy_scopes_beyond_client: 'Recorded scopes that the client may not have: leave them out, or refuse.',
  confirmation:
    'What a connection that was moved over wants of its user: nothing, to be told, or to confirm it first.',
  confirmation_reminder: 'When a user who has not confirmed yet is asked once more.',
  scope_map: 'Old scope names to new ones.',
  statuses: 'HTTP statuses (400 to 499) of refusals by the error code of the dialect, such as `"61": 400`.',
  grants_per_connection: 'Live grants of one app for one user; over it, the oldest ends.',
  codes_per_legacy_token: 'Open codes of one legacy token; over it, the oldest goes.',
}

export const configurationPage = (): string =>
  page(
    generated('`server/src/config.ts` and `server/src/policy-fields.ts`'),
    '# Configuration',
    `One YAML file, named by \`--config\` or \`TOKENFERRY_CONFIG\`. A mistake in it names the line, the value and what
would be accepted, and the server does not start.`,
    table(['setting', 'accepts', 'default', 'what for'], settingRows()),
    '## Policy',
    `Three layers: the default here, the dialect's own, what a mount (\`mounts[].policy\`) or a client
(\`client add --policy\`) says. Durations are written \`30s\`, \`10m\`, \`1h\`, \`14d\`.`,
    table(['field', 'accepts', 'default', 'dialects that differ', 'what for'], policyRows()),
  )

type Schema = {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
}

// zod's answer is JSON Schema; the type above is the part of it that its own fields make.
const schemaOf = (type: z.ZodType): Schema =>
  z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as Schema

function settingRows(): readonly (readonly string[])[] {
  return leaves(schemaOf(configSchema), '', true).map(({ path, schema, required }) => {
    const says = settings[path]
    if (says === undefined) throw new Error(`scripts/docs/configuration.ts says nothing about ${path}.`)
    const fallback = schema.default === undefined ? '' : code(JSON.stringify(schema.default))
    return [
      code(path),
      path.endsWith('policy') ? 'fields' : accepts(schema),
      required ? 'required' : fallback,
      says,
    ]
  })
}

type Leaf = { readonly path: string; readonly schema: Schema; readonly required: boolean }

function leaves(schema: Schema, path: string, required: boolean): readonly Leaf[] {
  const within = schema.items?.properties ? schema.items : schema
  const here = schema.items?.properties ? `${path}[]` : path
  if (!within.properties || here.endsWith('.policy')) return [{ path: here, schema, required }]
  return Object.entries(within.properties).flatMap(([name, member]) =>
    leaves(member, here === '' ? name : `${here}.${name}`, within.required?.includes(name) ?? false),
  )
}

function accepts(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(', ')
  if (schema.const !== undefined) return code(String(schema.const))
  if (schema.anyOf) return schema.anyOf.map(accepts).join(', ')
  if (schema.pattern?.includes('[smhd]')) return 'a duration'
  if (schema.properties) {
    const members = Object.entries(schema.properties)
    return members.map(([name, member]) => `${code(`{ ${name}: … }`)} with ${accepts(member)}`).join(', ')
  }
  if (schema.type === 'integer') return `a number from ${schema.minimum} ${upTo(schema.maximum)}`.trim()
  if (schema.type === 'boolean') return '`true`, `false`'
  if (schema.type === 'array') return 'a list'
  if (schema.type === 'object') return 'names with values'
  return 'a text'
}

const upTo = (maximum: number | undefined): string =>
  maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? '' : `to ${maximum}`

function policyRows(): readonly (readonly string[])[] {
  // `keys` forgets that these are the fields.
  return (Object.keys(policyFields) as (keyof WrittenPolicy)[]).map((field) => {
    const name = policyNames[field]
    const differing = dialects
      .filter(({ policy }) => policy[name] !== undefined)
      .map((dialect) => `${dialect.name}: ${written(name, dialect.policy[name])}`)
    return [
      code(field),
      accepts(schemaOf(policyFields[field])),
      written(name, defaultPolicy[name]),
      differing.join('; '),
      policies[field],
    ]
  })
}

/** A value as an operator would write it. */
function written(name: keyof Policy, value: unknown): string {
  if (value === null) return code('never')
  if (typeof value === 'number') return code(name.endsWith('Seconds') ? duration(value) : String(value))
  if (typeof value === 'object') {
    const [entry] = Object.entries(value)
    if (!entry) return 'none'
    if (typeof entry[1] !== 'number') return 'a map'
    const field = entry[0]
      .replace(/Seconds$/, '')
      .replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    return code(`{ ${field}: ${duration(entry[1])} }`)
  }
  return code(String(value))
}

function duration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const
  const unit = units.find(([, size]) => seconds >= size && seconds % size === 0)
  return unit ? `${seconds / unit[1]}${unit[0]}` : `${seconds}s`
}
