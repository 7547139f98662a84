/** Composition: configuration → database → store → key ring → dialects → HTTP. The only file that knows all. */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Config } from './config.ts'
import { findDialect } from './dialects/index.ts'
import type { Mount, Services } from './http/answer.ts'
import { limits } from './http/limits.ts'
import { httpServer } from './http/server.ts'
import type { World } from './kernel/kernel.ts'
import type { Access } from './kernel/operations/issue.ts'
import type { Store } from './kernel/store.ts'
import type { KeyRing } from './keys/key-ring.ts'
import { openKeyRing } from './keys/key-ring.ts'
import { readReference, readRootSecret } from './keys/root-secret.ts'
import { signToken, verifyToken } from './keys/sign.ts'
import type { Numbers } from './numbers.ts'
import { leaseNumbers } from './numbers.ts'
import { toPolicy } from './policy-fields.ts'
import type { Database } from './storage/database.ts'
import { migrate, pendingMigrations } from './storage/migrate.ts'
import { sqlStore } from './storage/sql-store.ts'
import { openSqlite } from './storage/sqlite.ts'

/** What commands work with: the store, the ring, time and chance. */
export type Deployment = {
  readonly config: Config
  readonly database: Database
  readonly store: Store
  readonly keyRing: KeyRing
  readonly world: World
  readonly mounts: readonly Mount[]
  close(): Promise<void>
}

export type DeploymentOptions = {
  /** The clock, in epoch milliseconds; tests hand in their own. */
  readonly now?: () => number
  readonly migrate?: boolean
  /** Whether grants will be made: a command that makes none leases no numbers for them. */
  readonly numbers?: boolean
}

/** Opens the database and the ring. Refuses where a migration waits, the schema is newer, or the secret is wrong. */
export async function openDeployment(config: Config, options: DeploymentOptions = {}): Promise<Deployment> {
  const now = options.now ?? Date.now
  const rootSecret = readRootSecret(config.root_secret)
  const digestKey =
    config.legacy.hmac_key === undefined
      ? undefined
      : Buffer.from(readReference(config.legacy.hmac_key).trim())
  const database = await openSqlite(config.database.slice('sqlite:'.length))
  try {
    if (options.migrate !== false) await migrate(database)
    else await pendingMigrations(database)
    const store = sqlStore(database)
    const keyRing = await openKeyRing(store, rootSecret, digestKey)
    const numbers = options.numbers ? await leaseNumbers(store) : noNumbers
    const world: World = {
      store,
      moment: () => ({ now: now(), ring: keyRing.ring(), random: randomBytes, number: numbers.next }),
      reload: keyRing.reload,
    }
    return {
      config,
      database,
      store,
      keyRing,
      world,
      mounts: mountsOf(config),
      async close() {
        keyRing.close()
        await numbers.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

const noNumbers: Numbers = {
  next() {
    throw new Error('This command makes no grants, so it has leased no numbers.')
  },
  close: async () => undefined,
}

function mountsOf({ mounts, public_url }: Config): Mount[] {
  const base = public_url.replace(/\/+$/, '')
  return mounts.map(({ dialect, prefix, policy }) => {
    const found = findDialect(dialect)
    if (!found) throw new Error(`There is no dialect ${dialect}.`)
    const path = prefix === '/' ? '' : prefix
    return { dialect: found, prefix: path, issuer: base + path, policy: toPolicy(policy) }
  })
}

export type Running = { readonly app: FastifyInstance; readonly address: string; close(): Promise<void> }

/** The server, not yet listening. */
export function composeServer(
  deployment: Deployment,
  destination?: { write(line: string): void },
): FastifyInstance {
  const { config, store, keyRing, world, mounts } = deployment
  const logger = pino(
    { level: config.log, base: null, messageKey: 'message' },
    destination ?? pino.destination({ sync: false }),
  )
  const services: Services = {
    world,
    limits: limits(store, config.limits.failures_per_minute, () => world.moment().now),
    sign: (access, mount) => signAccess(access, mount, deployment),
    clientOfToken: (token, mount) => clientOfToken(token, mount, deployment),
  }
  return httpServer({
    mounts,
    services,
    logger,
    trustedProxies: config.trusted_proxies,
    bodyBytesMax: config.limits.body_bytes,
    jwks: () => ({ keys: keyRing.verifyingKeys(world.moment().now).map(({ publicJwk }) => publicJwk) }),
    isReady: async () => (await store.listKeys()).length > 0,
    isOriginKnown: async (origin) =>
      (await store.listClients()).some(({ origins }) => origins.includes(origin)),
  })
}

/** Opens, composes and listens; `close` finishes what is in flight. */
export async function serve(config: Config, options: DeploymentOptions = {}): Promise<Running> {
  const deployment = await openDeployment(config, { numbers: true, ...options })
  try {
    const app = composeServer(deployment)
    const address = await app.listen({ host: config.listen.host, port: config.listen.port })
    return {
      app,
      address,
      async close() {
        await app.close()
        await deployment.close()
      },
    }
  } catch (error) {
    await deployment.close()
    throw error
  }
}

function signAccess(
  access: Access,
  { dialect, issuer }: Mount,
  { keyRing, world }: Deployment,
): Promise<string> {
  const key = keyRing.signingKey(access.signature, world.moment().now)
  const { header, claims } = dialect.claims(access, {
    issuer,
    keyId: key.publicJwk.kid,
    algorithm: key.algorithm,
  })
  return signToken(header, claims, key)
}

/** Whose application token this is: signed by us, for this mount, for the client itself, and still alive. */
function clientOfToken(token: string, { issuer }: Mount, { keyRing, world }: Deployment): string | undefined {
  const { now } = world.moment()
  const verified = verifyToken(token, keyRing.verifyingKeys(now))
  if (!verified) return undefined
  const { iss, exp, client_id, sub } = verified.claims
  if (iss !== issuer || typeof exp !== 'number' || exp * 1000 <= now || sub !== client_id) return undefined
  return typeof client_id === 'string' ? client_id : undefined
}
