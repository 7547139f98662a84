/**
 * Composition: configuration → database → store → key ring → dialects → HTTP. The only file that knows all.
 */
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { startBackground } from './background.ts'
import { brandOf } from './brand.ts'
import type { Config } from './config.ts'
import { findDialect } from './dialects/index.ts'
import type { Mount, Services } from './http/answer.ts'
import { hearStandardClaims } from './http/claims.ts'
import { limits } from './http/limits.ts'
import { httpServer } from './http/server.ts'
import { gatherUsage } from './http/usage.ts'
import type { AccessClaims } from './kernel/access-token.ts'
import { hearOpaqueAccess, sayOpaqueAccess } from './kernel/access-token.ts'
import { hearTokenId } from './kernel/chain.ts'
import type { World } from './kernel/kernel.ts'
import type { Access } from './kernel/operations/issue.ts'
import { policyOf } from './kernel/policy.ts'
import type { Store } from './kernel/store.ts'
import type { KeyRing } from './keys/key-ring.ts'
import { openKeyRing } from './keys/key-ring.ts'
import { readReference, readRootSecret } from './keys/root-secret.ts'
import { signToken, verifyToken } from './keys/sign.ts'
import type { Numbers } from './numbers.ts'
import { leaseNumbers } from './numbers.ts'
import { pages } from './pages/routes.ts'
import { sampleApp } from './pages/sample-app.ts'
import { toPolicy } from './policy-fields.ts'
import { random } from './random.ts'
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
  /** For the demo: where its file is. There are pages of a sample app then, which name it. */
  readonly sampleApp?: string
}

/**
 * Opens the database and the ring. Refuses where a migration waits, the schema is newer, or the secret is
 * wrong.
 */
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
    const keyRing = await openKeyRing(store, rootSecret, digestKey, now)
    const numbers = options.numbers ? await leaseNumbers(store, now) : noNumbers
    const world: World = {
      store,
      moment: () => ({ now: now(), ring: keyRing.ring(), random, number: numbers.next }),
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
    return {
      dialect: found,
      prefix: path,
      issuer: base + path,
      origin: base,
      policy: policyOf({ ...found.policy, ...toPolicy(policy) }, { policy: {} }),
    }
  })
}

export type Running = { readonly app: FastifyInstance; readonly address: string; close(): Promise<void> }

/** The server, not yet listening. */
export function composeServer(
  deployment: Deployment,
  destination?: { write(line: string): void },
  options: Pick<DeploymentOptions, 'sampleApp'> = {},
): FastifyInstance {
  const { config, store, keyRing, world, mounts } = deployment
  const logger = pino(
    { level: config.log, base: null, messageKey: 'message' },
    destination ?? pino.destination({ sync: false }),
  )
  const now = (): number => world.moment().now
  const counted = limits(store, config.limits.failures_per_minute, now)
  const services: Services = {
    world,
    limits: counted,
    usage: gatherUsage(store, counted, now),
    policies: Object.fromEntries(mounts.map(({ dialect, policy }) => [dialect.name, policy])),
    sign: (access, mount) => signAccess(access, mount, deployment),
    clientOfToken: (token, mount) => clientOfToken(token, mount, deployment),
    verify: (token) => verifyAccess(token, deployment),
  }
  const app = httpServer({
    mounts,
    services,
    logger,
    trustedProxies: config.trusted_proxies,
    bodyBytesMax: config.limits.body_bytes,
    jwks: () => ({ keys: keyRing.verifyingKeys(world.moment().now).map(({ publicJwk }) => publicJwk) }),
    isReady: async () => (await store.listKeys()).length > 0,
    isOriginKnown: async (origin) =>
      (await store.listClients()).some(({ origins }) => origins.includes(origin)),
    routes(server) {
      const spoken = { brand: brandOf(config), language: config.language, scopes: config.scopes }
      pages({ mounts, services, publicUrl: config.public_url, ...spoken })(server)
      const { sampleApp: demoFile } = options
      const clients = () => store.listClients()
      if (demoFile) sampleApp({ publicUrl: config.public_url, mounts, clients, demoFile, ...spoken })(server)
    },
  })
  const background = startBackground({ store, usage: services.usage, now, logger })
  app.addHook('onClose', background.close)
  return app
}

/** Opens, composes and listens; `close` finishes what is in flight. */
export async function serve(config: Config, options: DeploymentOptions = {}): Promise<Running> {
  const deployment = await openDeployment(config, { numbers: true, ...options })
  try {
    const app = composeServer(deployment, undefined, options)
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

async function signAccess(
  access: Access,
  { dialect, issuer }: Mount,
  { keyRing, world }: Deployment,
): Promise<string> {
  if (access.format === 'opaque') return sayOpaqueAccess(keyRing.ring(), access)
  const key = keyRing.signingKey(access.signature, world.moment().now)
  const { header, claims } = dialect.claims(access, {
    issuer,
    keyId: key.publicJwk.kid,
    algorithm: key.algorithm,
  })
  return signToken(header, claims, key)
}

/** Whose application token this is: signed by us, for this mount, for the client itself, and still alive. */
function clientOfToken(token: string, { issuer }: Mount, deployment: Deployment): string | undefined {
  const { now, ring } = deployment.world.moment()
  // An opaque token names no issuer; whose mount it is for, its client's dialect says.
  const claims = verifyAccess(token, deployment) ?? hearOpaqueAccess(ring, token)
  if (!claims || (claims.issuer ?? issuer) !== issuer || claims.expiresAt <= now) return undefined
  // Number 0 and no user: nobody's but the client's own.
  return hearTokenId(ring, claims.jti) === 0 && claims.userId === '' ? claims.clientId : undefined
}

/** What an access token of any mount says, where one of our keys signed it. Does not look at its expiry. */
function verifyAccess(token: string, { keyRing, world, mounts }: Deployment): AccessClaims | undefined {
  if (token.length > tokenLengthMax) return undefined
  const verified = verifyToken(token, keyRing.verifyingKeys(world.moment().now))
  if (!verified) return undefined
  const { jti, iat, exp, iss } = verified.claims
  if (typeof jti !== 'string' || typeof iat !== 'number' || typeof exp !== 'number') return undefined
  for (const { issuer, dialect } of mounts) {
    // A token that names no issuer is known by its claims, to the one dialect whose tokens look so.
    if (iss === undefined ? !dialect.hearClaims : iss !== issuer) continue
    const heard = (dialect.hearClaims ?? hearStandardClaims)(verified.claims)
    if (!heard) continue
    const resource = [verified.claims.aud].flat().filter((one) => typeof one === 'string')
    return { ...heard, jti, issuer, issuedAt: iat * 1000, expiresAt: exp * 1000, resource }
  }
  return undefined
}

const tokenLengthMax = 8192
