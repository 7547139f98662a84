/**
 * A whole deployment for a test: its own database, a clock that stands still, the demo's clients and tokens.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { parseConfig } from '../config.ts'
import type { DemoSections } from '../demo.ts'
import { seedSamples } from '../demo.ts'
import type { Endpoint, Made } from '../dialects/dialect.ts'
import { dialects } from '../dialects/index.ts'
import type { Deployment } from '../main.ts'
import { composeServer, openDeployment } from '../main.ts'
import type { Backend } from '../storage/database.ts'
import type { Clock } from './clock.ts'
import { clockAt } from './clock.ts'
import { testDatabase } from './postgres.ts'

export type TestOptions = {
  /** Names of the dialects to mount; absent: all. */
  readonly mounts?: readonly string[]
  /** Where the clock starts; absent: at this second. */
  readonly now?: number
  /** Policy for every mount, as the operator writes it: `{ rotate: 'always' }`. */
  readonly policy?: Readonly<Record<string, unknown>>
  /** On what; absent: SQLite. */
  readonly backend?: Backend
  /** A file, where more than one process, or the bytes on disk, matter; absent: in memory. */
  readonly file?: boolean
  /** Other settings, as in the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Whether mails are written, into a folder of its own; absent: no. */
  readonly mails?: boolean
  /** Whether mails, webhooks and sweeping may be this deployment's; absent: yes. */
  readonly background?: boolean
  /** Whether the demo's clients and tokens are made; absent: yes. */
  readonly seed?: boolean
}

export type TestDeployment = {
  readonly deployment: Deployment
  readonly app: FastifyInstance
  readonly clock: Clock
  /** The demo's section of each dialect that is mounted. */
  readonly sections: DemoSections
  /** Who can sign in at the pages of each dialect. */
  readonly people: ReadonlyMap<string, Pick<Made, 'username' | 'password'>>
  /** Every line that was logged. */
  readonly logs: readonly string[]
  /** A folder of its own, where `file` asks for one. */
  readonly folder: string
  /** The database's file, where it has one. */
  readonly path: string | undefined
  readonly config: Config
  request(prefix: string, request: TestRequest): Promise<TestAnswer>
  close(): Promise<void>
}

export type TestRequest = {
  readonly method?: string
  /** Below the prefix, with its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object becomes a form; anything else goes as it is. */
  readonly body?: Readonly<Record<string, string>> | string | Buffer | undefined
}

export type TestAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
  /** The body, read as a JSON object; members of anything else are absent. */
  readonly json: Readonly<Record<string, unknown>>
}

export const rootSecretName = 'TOKENFERRY_TEST_ROOT_SECRET'
process.env[rootSecretName] ??= randomBytes(32).toString('hex')

/** `TOKENFERRY_TEST_BACKEND=postgres npm test -- promises`: the same promises, kept by the other backend. */
const backendHere = process.env.TOKENFERRY_TEST_BACKEND

export async function testDeployment(options: TestOptions = {}): Promise<TestDeployment> {
  const onPostgres = (options.backend ?? backendHere) === 'postgres'
  const folder = options.file ? mkdtempSync(join(tmpdir(), 'tokenferry-test-')) : undefined
  const path = folder === undefined || onPostgres ? undefined : join(folder, 'tokenferry.db')
  const made = onPostgres ? await testDatabase() : undefined
  const mails = options.mails ? mkdtempSync(join(tmpdir(), 'tokenferry-mails-')) : undefined
  const mail = mails && { mail: { from: 'no-reply@demo.example', folder: mails } }
  const database = made?.url ?? `sqlite:${path ?? ':memory:'}`
  const config = testConfig({ ...options, config: { database, ...mail, ...options.config } }, ':memory:')
  const clock = clockAt(options.now ?? Math.ceil(Date.now() / 1000) * 1000)
  const deployment = await openDeployment(config, { now: () => clock.now, numbers: true })
  const logs: string[] = []
  const seeded = options.seed === false ? undefined : await seedSamples(deployment, 50)
  const { background = true } = options
  const app = composeServer(deployment, { write: (line) => void logs.push(line) }, { background })
  await app.ready()
  return {
    deployment,
    app,
    clock,
    sections: seeded?.sections ?? {},
    people: seeded?.made ?? new Map(),
    logs,
    folder: folder ?? '',
    path,
    config,
    request: (prefix, request) => inject(app, prefix, request),
    async close() {
      await app.close()
      await deployment.close()
      for (const one of [folder, mails]) if (one !== undefined) rmSync(one, { recursive: true, force: true })
      await made?.remove()
    },
  }
}

/** The configuration of a test: written as an operator would, so that it is validated like one. */
export function testConfig(options: TestOptions, database: string): Config {
  const mounts = dialects
    .map(({ name }) => name)
    .filter((name) => options.mounts?.includes(name) ?? true)
    .map((name) => ({
      dialect: name,
      prefix: name === 'standard' ? '/' : `/${name}`,
      policy: options.policy ?? {},
    }))
  const settings = {
    public_url: 'http://127.0.0.1:4000',
    database: `sqlite:${database}`,
    root_secret: `env:${rootSecretName}`,
    mounts,
    ...options.config,
  }
  return parseConfig(JSON.stringify(settings), 'test configuration')
}

async function inject(
  app: FastifyInstance,
  prefix: string,
  { method = 'POST', path, headers, body }: TestRequest,
): Promise<TestAnswer> {
  const form = typeof body === 'object' && !Buffer.isBuffer(body) ? new URLSearchParams(body) : undefined
  const payload = form?.toString() ?? body
  const answer = await app.inject({
    method: method as 'POST', // Any word will do: some tests send methods that no server knows.
    url: prefix + path,
    headers: { ...(form && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers },
    ...(payload !== undefined && { payload: payload as string | Buffer }), // A form became text above.
  })
  return {
    status: answer.statusCode,
    headers: answer.headers as TestAnswer['headers'], // Fastify allows numbers too, but sends text.
    text: answer.payload,
    json: objectIn(answer.payload),
  }
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

/** The values of the demo's sections that nobody else may know: none of them belongs into a log. */
export const credentialsOf = (sections: DemoSections): readonly string[] =>
  Object.values(sections).flatMap((section) =>
    Object.entries(section)
      .filter(([name]) => /secret|token|password/.test(name))
      .flatMap(([, value]) => (Array.isArray(value) ? value.map(String) : [String(value)])),
  )

/** Whether what is said to these endpoints may go on in a mail. */
export const sendsMails = (endpoints: readonly Pick<Endpoint, 'does'>[]): boolean =>
  endpoints.some(({ does }) => does === 'send_one_time_code')
