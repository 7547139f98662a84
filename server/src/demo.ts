/**
 * Something to try it with: for each mount, what its dialect's sample says. Invented, and printed in the
 * clear, so this is for `demo` and for tests; nothing of it belongs into a deployment that guards anything.
 */
import { randomUUID } from 'node:crypto'
import type { Config } from './config.ts'
import { makeTokens, organizationWrite, writeTokens } from './demo-tokens.ts'
import type { Dialect, Made, SampleClient } from './dialects/dialect.ts'
import type { Mount } from './http/answer.ts'
import { sealSecret } from './kernel/callback-secrets.ts'
import type { Actor, Write } from './kernel/decision.ts'
import { event } from './kernel/decision.ts'
import type { Moment, World } from './kernel/kernel.ts'
import { perform } from './kernel/kernel.ts'
import { secretHmac } from './kernel/operations/authenticate-client.ts'
import { addCallbackSecret } from './kernel/operations/change-callback.ts'
import type { WantedRequestToken } from './kernel/operations/make-request-token.ts'
import { makeRequestTokenForOperator } from './kernel/operations/make-request-token-for-operator.ts'
import type { Client, User } from './kernel/records.ts'
import { currentVersion } from './kernel/ring.ts'
import type { Store } from './kernel/store.ts'
import type { KeyRing } from './keys/key-ring.ts'
import { hashPassword } from './keys/password.ts'

/** A dialect's section of `demo.json`: its prefix, and what its sample says of what was made. */
export type DemoSection = { readonly prefix: string } & Readonly<Record<string, unknown>>
export type DemoSections = Readonly<Record<string, DemoSection>>

export type Seeded = { readonly sections: DemoSections; readonly made: ReadonlyMap<string, Made> }

/** The part of a deployment that seeding needs. */
export type SeedBed = {
  readonly config: Pick<Config, 'public_url' | 'region' | 'regions'>
  readonly store: Store
  readonly keyRing: KeyRing
  readonly world: World
  readonly mounts: readonly Mount[]
}

/** Samples write their addresses for a demo at its usual place; at another, they move with it. */
export const sampleOrigin = 'http://127.0.0.1:4000'

const demo: Actor = { actor: 'demo', address: undefined, requestId: undefined }

/** Makes the clients, the people and `count` legacy tokens in each list of each dialect that is mounted. */
export async function seedDemo(
  deployment: SeedBed,
  { count = 50, callback }: { readonly count?: number; readonly callback?: string } = {},
): Promise<DemoSections> {
  return (await seedSamples(deployment, count, callback)).sections
}

/**
 * As `seedDemo`, with what the samples' curl lines are written of. At `callback`, where there is one, the
 * sample apps that want it are told what happens to their grants.
 */
export async function seedSamples(deployment: SeedBed, count: number, callback?: string): Promise<Seeded> {
  const made = new Map<string, Made>()
  const sections: Record<string, DemoSection> = {}
  for (const mount of deployment.mounts) {
    const { name, sample } = mount.dialect
    // A client speaks one dialect and is served at every mount of it.
    const here = made.get(name) ?? (await makeSample(mount, deployment, { count, callback }))
    made.set(name, here)
    sections[name] ??= { prefix: mount.prefix, ...moved(sample.say(here), originOf(deployment)) }
  }
  // The kind of look-up that was just noted must be known before the first exchange.
  await deployment.keyRing.reread()
  return { sections, made }
}

/** Where the demo's addresses point instead of `sampleOrigin`. */
export const originOf = ({ config }: SeedBed): string => new URL(config.public_url).origin

/** The same value, each address in it at another origin. */
export function moved<Value>(value: Value, to: string, from = sampleOrigin): Value {
  // Strings stay strings and lists stay lists, so what comes out has the type of what went in.
  return JSON.parse(JSON.stringify(value).replaceAll(`"${from}/`, `"${to}/`)) as Value
}

/** Whom each link of the start page is for. */
export const sampleUsername = (dialect: string): string => `alice.${dialect}`

type Wanted = { readonly count: number; readonly callback: string | undefined }

async function makeSample(mount: Mount, deployment: SeedBed, { count, callback }: Wanted): Promise<Made> {
  const { dialect } = mount
  const { store } = deployment
  const moment = deployment.world.moment()
  const clients = new Map(
    dialect.sample.clients.map((sample) => {
      const id = sample.id ?? randomHex(moment, 12)
      const secret = sample.type === 'public' ? '' : Buffer.from(moment.random(32)).toString('base64url')
      return [sample.key, { id, secret, sample }]
    }),
  )
  for (const client of clients.values()) {
    const told = client.sample.isTold ? callback : undefined
    await store.commit(clientWrites({ ...client, callback: told }, dialect, deployment, moment))
  }

  const organization = randomUUID()
  const username = sampleUsername(dialect.name)
  const password = passwordOf(moment)
  const alice = await person({ username, password, name: 'Alice Sample', region: undefined })
  const elsewhere = elsewhereOf(mount, deployment, moment)
  await store.commit([
    organizationWrite(organization, `Sample company (${dialect.name})`),
    { write: 'put_user', user: alice, organizations: [organization] },
    { write: 'put_membership', userId: alice.id, organizationId: organization, role: 'admin' },
    ...(elsewhere
      ? [{ write: 'put_user', user: await person(elsewhere), organizations: [organization] } as const]
      : []),
  ])

  const lists = new Map<string, readonly string[]>()
  for (const list of dialect.sample.lists) {
    const clientId = list.client === undefined ? '' : found(clients, list.client).id
    const owner = { dialect: dialect.name, clientId, alice: alice.id, organization, count }
    const tokens = makeTokens(list, owner, moment)
    await writeTokens(owner, tokens, store, moment)
    lists.set(
      list.name,
      tokens.map(({ token }) => token),
    )
  }
  const requestTokens = new Map<string, string>()
  for (const { name, client } of dialect.sample.requestTokens ?? []) {
    const wanted = { clientId: found(clients, client).id, organizationId: organization, userId: '' }
    requestTokens.set(name, await makeToken(wanted, mount, deployment))
  }
  return {
    client: (key) => found(clients, key),
    tokens: (list) => found(lists, list),
    requestToken: (name) => found(requestTokens, name),
    organization,
    username,
    password,
    elsewhere,
  }
}

type Person = {
  readonly username: string
  readonly password: string
  readonly name: string
  readonly region: string | undefined
}

const person = async ({ username, password, name, region }: Person): Promise<User> => ({
  id: randomUUID(),
  username,
  email: `${username}@demo.example`,
  name,
  passwordHash: await hashPassword(password),
  status: 'enabled',
  language: undefined,
  lockedUntil: undefined,
  region,
})

/** A colleague of Alice's who lives in another region, where there is one and the dialect knows of it. */
function elsewhereOf({ dialect }: Mount, { config }: SeedBed, moment: Moment) {
  const { region: here, regions } = config
  const region = Object.keys(regions ?? {}).find((name) => name !== here)
  if (!dialect.isRegional || region === undefined) return undefined
  const password = passwordOf(moment)
  return { username: `alice-${region}.${dialect.name}`, password, name: `Alice of ${region}`, region }
}

const passwordOf = (moment: Moment): string => Buffer.from(moment.random(9)).toString('base64url')

/** As an operator makes one. */
async function makeToken(
  wanted: Omit<WantedRequestToken, 'policies'>,
  { dialect, policy }: Mount,
  { world }: SeedBed,
): Promise<string> {
  const input = { ...wanted, policies: { [dialect.name]: policy }, actor: demo }
  const made = await perform(makeRequestTokenForOperator, input, world)
  if ('refused' in made) throw new Error(`The sample has no request token: ${made.refused.reason}.`)
  return made.granted.requestToken
}

const randomHex = (moment: Moment, bytes: number): string => Buffer.from(moment.random(bytes)).toString('hex')

/** A dialect's sample that names what it does not have is a mistake in its file. */
function found<Value>(map: ReadonlyMap<string, Value>, key: string): Value {
  const value = map.get(key)
  if (value === undefined)
    throw new Error(`The sample has no "${key}"; it has ${[...map.keys()].join(', ')}.`)
  return value
}

type MadeClient = {
  readonly id: string
  readonly secret: string
  readonly sample: SampleClient
  readonly callback: string | undefined
}

function clientWrites(
  { id, secret, sample, callback }: MadeClient,
  { name: dialect, uninstalled }: Dialect,
  deployment: SeedBed,
  moment: Moment,
): Write[] {
  const { now, ring } = moment
  const client: Client = {
    id,
    dialect,
    name: sample.name,
    type: sample.type,
    status: 'enabled',
    scopes: sample.scopes,
    redirectUris: moved(sample.redirectUris ?? [], originOf(deployment)),
    identifiers: sample.identifiers ?? [],
    exchangeFrom: undefined,
    exchangeUntil: undefined,
    exchangeStatus: 'on',
    exchangesPerDayMax: undefined,
    mayIntrospect: sample.mayIntrospect ?? false,
    origins: [],
    tokensValidAfter: 0,
    maker: 'Sample Software',
    logo: undefined,
    callback,
    callbackStatus: 'on',
    callbackEvents: [],
    policy: sample.policy ?? {},
    secrets: [],
  }
  const added: Write[] = [
    { write: 'add_client', client, at: now },
    event('client_added', now, demo, { clientId: id }),
  ]
  const isSigned = callback !== undefined && uninstalled === undefined
  const signing = isSigned ? [addCallbackSecret(id, [], moment)] : []
  if (sample.type === 'public') return [...added, ...signing]
  const version = currentVersion(ring, now)
  const kept = { hmac: secretHmac(version, secret), keyVersion: version.version, expires: undefined }
  // The dialect's own call shows the app its secret, so a copy that opens is kept.
  const isShown = callback !== undefined && uninstalled !== undefined
  return [
    ...added,
    ...signing,
    {
      write: 'add_client_secret',
      clientId: id,
      secret: kept,
      sealed: isShown ? sealSecret(version, id, kept.hmac, secret) : undefined,
      created: now,
      othersExpire: undefined,
    },
  ]
}
