/**
 * Composition: configuration → database → store → key ring → dialects → HTTP. The only file that knows all.
 */
import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { pino } from 'pino'
import { clientOfToken, signAccess, subjectOfToken, verifyAccess } from './access-tokens.ts'
import { startBackground } from './background.ts'
import { brandOf } from './brand.ts'
import { startTelling } from './channels.ts'
import type { Config } from './config.ts'
import { regionsOf, trimmed } from './config-regions.ts'
import { findDialect } from './dialects/index.ts'
import type { Mount, Services } from './http/answer.ts'
import { failedAttempts } from './http/failed-attempts.ts'
import { limits } from './http/limits.ts'
import { httpServer } from './http/server.ts'
import { gatherUsage } from './http/usage.ts'
import { signIdentity } from './id-tokens.ts'
import type { World } from './kernel/kernel.ts'
import { policyOf } from './kernel/policy.ts'
import type { Store } from './kernel/store.ts'
import type { KeyRing } from './keys/key-ring.ts'
import { openKeyRing } from './keys/key-ring.ts'
import { readReference, readRootSecret } from './keys/root-secret.ts'
import type { HeldLease } from './lease.ts'
import { keepLease } from './lease.ts'
import { mailFolder } from './mail/folder.ts'
import type { Numbers } from './numbers.ts'
import { leaseNumbers } from './numbers.ts'
import { openDatabase } from './open-database.ts'
import { devCallbacks } from './pages/dev-callbacks.ts'
import { devMail } from './pages/dev-mail.ts'
import { pages } from './pages/routes.ts'
import { sampleApp } from './pages/sample-app.ts'
import { passwordsOf } from './passwords/passwords.ts'
import { toPolicy } from './policy-fields.ts'
import { openProvider } from './provider/open-provider.ts'
import { random } from './random.ts'
import type { Database } from './storage/database.ts'
import { migrate, pendingMigrations } from './storage/migrate.ts'
import { refuseSetAside } from './storage/set-aside.ts'
import { sqlStore } from './storage/sql-store.ts'

/** What commands work with: the store, the ring, time and chance. */
export type Deployment = {
  readonly config: Config
  readonly database: Database
  readonly store: Store
  readonly keyRing: KeyRing
  readonly world: World
  readonly numbers: Numbers
  readonly mounts: readonly Mount[]
  close(): Promise<void>
}

export type DeploymentOptions = {
  /** The clock, in epoch milliseconds; tests hand in their own. */
  readonly now?: () => number
  readonly migrate?: boolean
  /** Whether grants will be made: a command that makes none leases no numbers for them. */
  readonly numbers?: boolean
  /** Whether a database may be opened that was set aside; for whoever declares that it is used again. */
  readonly setAside?: boolean
  /** Whether other processes write to the same output: then no line of theirs may come into one of ours. */
  readonly oneOfSeveral?: boolean
  /** Whether it does, when that is its turn, what one node does for all; absent: yes. */
  readonly background?: boolean
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
  const database = await openDatabase(config)
  try {
    if (options.migrate !== false) await migrate(database, { partitions: config.postgres.partitions })
    else await pendingMigrations(database)
    await refuseSetAside(database, options.setAside ?? false)
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
      numbers,
      mounts: mountsOf(config),
      async close() {
        keyRing.close()
        // While the database is away nothing can be given back. A block that stays open only means that its
        // grants are not swept.
        await numbers.close().catch(() => undefined)
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
  recheck: async () => undefined,
  close: async () => undefined,
}

function mountsOf(config: Config): Mount[] {
  const base = trimmed(config.public_url)
  const regions = [...(regionsOf(config)?.addresses ?? [])]
  return config.mounts.map(({ dialect, prefix, policy }) => {
    const found = findDialect(dialect)
    if (!found) throw new Error(`There is no dialect ${dialect}.`)
    const path = prefix === '/' ? '' : prefix
    return {
      dialect: found,
      prefix: path,
      issuer: base + path,
      origin: base,
      issuers: new Map(regions.map(([name, address]) => [name, address + path])),
      policy: policyOf({ ...found.policy, ...toPolicy(policy) }, { policy: {} }),
    }
  })
}

/** What all servers of one process do once: they count failures, budgets and use together. */
type Together = Pick<Services, 'limits' | 'signInFailures' | 'usage' | 'passwords'> & {
  readonly logger: Logger
}

function together(
  { config, store, world }: Deployment,
  destination: { write(line: string): void },
): Together {
  const logger = pino({ level: config.log, base: null, messageKey: 'message' }, destination)
  const now = (): number => world.moment().now
  const { failures_per_minute, sign_in_failures_per_minute: perMinuteMax } = config.limits
  const counted = limits(store, failures_per_minute, now)
  const signInFailures = failedAttempts({ store, kind: 'sign_in', perMinuteMax, now })
  const usage = gatherUsage(store, [counted, signInFailures], now)
  return { limits: counted, signInFailures, usage, passwords: passwordsOf(world), logger }
}

/** What a pipe takes as one piece, whoever else writes to it (POSIX: PIPE_BUF, which Linux has at 4096). */
const pipeBytesMax = 4096

const standardOutput = ({ oneOfSeveral = false }: DeploymentOptions): { write(line: string): void } =>
  pino.destination({ sync: false, ...(oneOfSeveral && { maxWrite: pipeBytesMax }) })

export type Running = { readonly app: FastifyInstance; readonly address: string; close(): Promise<void> }

/** The server, not yet listening, with all that it does beside answering. */
export function composeServer(
  deployment: Deployment,
  destination?: { write(line: string): void },
  options: Pick<DeploymentOptions, 'sampleApp' | 'background'> = {},
): FastifyInstance {
  return composeWhole(deployment, together(deployment, destination ?? standardOutput({})), options)
}

function composeWhole(
  deployment: Deployment,
  shared: Together,
  options: Pick<DeploymentOptions, 'sampleApp' | 'background'>,
): FastifyInstance {
  const app = composeAnswers(deployment, shared, options)
  const { config, store, world, mounts } = deployment
  const { usage, logger } = shared
  const now = (): number => world.moment().now
  const lease = options.background === false ? othersLease : leaseOf(deployment, now, logger)
  const isOurs = (): boolean => lease.isHeld() && deployment.keyRing.closed() === undefined
  const telling = startTelling({ config, world, policies: policiesOf(mounts), logger, isOurs })
  const background = startBackground({ store, usage, now, closed: deployment.keyRing.closed, isOurs, logger })
  app.addHook('onClose', async () => {
    // First, so that another node goes on at once; what is on its way from here is claimed.
    await lease.release()
    await telling.close()
    await background.close()
  })
  return app
}

const leaseOf = ({ config, store }: Deployment, now: () => number, logger: Logger): HeldLease => {
  const holder = `${hostname()} ${process.pid} ${Buffer.from(random(6)).toString('base64url')}`
  return keepLease({ store, now, name: 'background', holder, milliseconds: config.lease * 1000, logger })
}

const othersLease: HeldLease = { isHeld: () => false, release: async () => undefined }

/** By the names of their dialects. */
export const policiesOf = (mounts: readonly Mount[]): Services['policies'] =>
  Object.fromEntries(mounts.map(({ dialect, policy }) => [dialect.name, policy]))

/** Answering alone. */
function composeAnswers(
  deployment: Deployment,
  { logger, ...shared }: Together,
  options: Pick<DeploymentOptions, 'sampleApp'>,
): FastifyInstance {
  const { config, store, keyRing, world, mounts } = deployment
  const now = (): number => world.moment().now
  const services: Services = {
    world,
    ...shared,
    policies: policiesOf(mounts),
    mails: config.mail !== undefined,
    async closed() {
      await keyRing.catchUp()
      return keyRing.closed()
    },
    regions: regionsOf(config),
    sign: (access, mount) => signAccess(access, mount, deployment),
    signIdentity: (identity, mount, beside) => signIdentity(identity, mount, beside, deployment),
    clientOfToken: (token, mount) => clientOfToken(token, mount, deployment),
    subjectOfToken: (token, mount) => subjectOfToken(token, mount, deployment),
    publicKeys: () => ({ keys: keyRing.verifyingKeys(now()).map(({ publicJwk }) => publicJwk) }),
    verify: (token) => verifyAccess(token, deployment),
  }
  const { public_url: publicUrl, language, scopes } = config
  const shown = { publicUrl, brand: brandOf(config), language, scopes }
  const signInFailuresPerMinuteMax = config.limits.sign_in_failures_per_minute
  const ways = openProvider(config, now)
  const ours = pages({ mounts, services, ways, signInFailuresPerMinuteMax, ...shown })
  return httpServer({
    mounts,
    services,
    logger,
    trustedProxies: config.trusted_proxies,
    bodyBytesMax: config.limits.body_bytes,
    // Whether anybody is answered is asked of what requests ask: the table may say it a moment earlier.
    isReady: async () => (await store.listKeys()).length > 0 && (await services.closed()) === undefined,
    isOriginKnown: async (origin) =>
      (await store.listClients()).some(({ origins }) => origins.includes(origin)),
    routes(server) {
      ours.routes(server)
      const { sampleApp: demoFile } = options
      const clients = () => store.listClients()
      if (demoFile === undefined) return
      const mails = config.mail?.folder === undefined ? undefined : mailFolder(config.mail.folder)
      sampleApp({ ...shown, mounts, clients, demoFile, hasMails: mails !== undefined })(server)
      if (mails) devMail({ ...shown, mails })(server)
      devCallbacks(shown)(server)
    },
    nowhere: ours.nowhere,
  })
}

/**
 * Opens, composes and listens; `close` finishes what is in flight. `others` listen beside it, on the same
 * database, and answer alone: it tells and sweeps for all of them.
 */
export async function serve(
  config: Config,
  { others = [], ...options }: DeploymentOptions & { readonly others?: readonly Config[] } = {},
): Promise<Running> {
  const deployment = await openDeployment(config, { numbers: true, ...options })
  const shared = together(deployment, standardOutput(options))
  const app = composeWhole(deployment, shared, options)
  const beside = others.map((other) => {
    const app = composeAnswers({ ...deployment, config: other, mounts: mountsOf(other) }, shared, {})
    return { app, listen: other.listen }
  })
  const close = async (): Promise<void> => {
    // It last: what the others have seen is written as it ends.
    for (const one of [...beside.map((other) => other.app), app]) await one.close()
    await deployment.close()
  }
  try {
    const address = await app.listen(config.listen)
    for (const other of beside) await other.app.listen(other.listen)
    return { app, address, close }
  } catch (error) {
    await close()
    throw error
  }
}
