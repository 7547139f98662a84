/**
 * A server of Concur's dialect as its operator runs it: two regions, real processes on one SQLite file, mail
 * in a folder; whatever is in the database came there by a command, a page or a request.
 */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashPassword } from '../keys/password.ts'
import { mailFolder } from '../mail/folder.ts'
import { testPassword } from '../testing/account.ts'
import type { Commands } from '../testing/commands.ts'
import { commands } from '../testing/commands.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { freePort, startServer } from '../testing/server-process.ts'
import { formsOf, visitorAt } from '../testing/visitor.ts'
import { appScopes, oldKey, redirectUri } from './concur-cause.ts'

export type ConcurApp = { readonly id: string; readonly secret: string }

/** Somebody with a password, in a company of their own, who has connected nothing yet. */
export type ConcurPerson = {
  readonly id: string
  readonly username: string
  readonly email: string
  readonly company: string
  /** Of the old world: a token of theirs, one with more scopes than the app has, one of an administrator. */
  readonly legacyToken: string
  readonly wideToken: string
  readonly adminToken: string
}

/** An answer, whichever way it came: in a body, or in the address of a redirect. */
export type Heard = {
  /** Absent where the app was told by a redirect. */
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly json: Readonly<Record<string, unknown>>
  readonly text: string
}

export type Form = Readonly<Record<string, string>>

export type ConcurServer = Commands & {
  readonly apps: Readonly<Record<'trusted' | 'second' | 'legacy' | 'public', ConcurApp>>
  /** The database's file. */
  readonly path: string
  /** The address of the mount, where most people live; and where the others do. */
  readonly base: string
  readonly elsewhere: string
  /** An app of its own, for a cause that no other app must feel. */
  app(...options: readonly string[]): Promise<ConcurApp>
  person(): ConcurPerson
  /** Any request; what comes after the address may be a form, or a text as it stands. */
  send(sent: ConcurRequest): Promise<Heard>
  /** The token endpoint, as this app. */
  token(app: ConcurApp, form: Form): Promise<Heard>
  /** What the app's redirect address is told once the person has signed in and decided. */
  authorize(query: Form, person: ConcurPerson, decision?: 'allow' | 'cancel'): Promise<Heard>
  /** The digits of the newest code that was mailed to this address, of those that came after so many. */
  digitsFor(email: string, mails?: number): Promise<string>
  /** Another server, on a copy of the database that a command has made. */
  copy(): Promise<{ readonly path: string; readonly base: string }>
  close(): Promise<void>
}

export type ConcurRequest = {
  readonly method?: string
  /** Below the mount, or a whole address. */
  readonly path: string
  readonly form?: Form | string
  readonly bearer?: string
  /** The address that the proxy says it comes from. */
  readonly from?: string
}

const prefix = '/concur'
const peopleMax = 120
const secretName = 'CONCUR_TEST_ROOT_SECRET'

export async function concurServer(): Promise<ConcurServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-concur-'))
  const env = { [secretName]: randomBytes(32).toString('hex') }
  const [here, there] = [await freePort(), await freePort()]
  const regions = { us: `http://127.0.0.1:${here}`, eu: `http://127.0.0.1:${there}` }
  const mails = join(folder, 'mails')
  const path = join(folder, 'tokenferry.db')
  const settings = (region: 'us' | 'eu', file = path) => ({
    public_url: regions[region],
    region,
    regions,
    database: `sqlite:${file}`,
    root_secret: `env:${secretName}`,
    mounts: [{ dialect: 'concur', prefix }],
    mail: { from: 'no-reply@auth.example', folder: mails },
    // So that each cause can come from an address of its own, and none is refused for another's failures.
    trusted_proxies: ['127.0.0.1'],
    limits: { failures_per_minute: 30 },
    log: 'silent',
  })
  const configPath = join(folder, 'tokenferry.yaml')
  writeFileSync(configPath, JSON.stringify(settings('us')))
  const { run, json } = commands(configPath, env)
  const app: ConcurServer['app'] = async (...options) => {
    const add = ['client', 'add', '--dialect', 'concur', '--name', 'An app', '--scope', ...appScopes]
    const made = await json([...add, ...options])
    return { id: String(made.client_id), secret: String(made.client_secret ?? '') }
  }
  const people = await importPeople(folder, run, app)
  const start = (region: 'us' | 'eu', port: number): Promise<ServerProcess> =>
    startServer({ folder, env, port, config: settings(region) })
  const servers = await Promise.all([start('us', here), start('eu', there)])
  const base = regions.us + prefix
  let next = 0
  let addresses = 0

  const send: ConcurServer['send'] = async ({ method = 'POST', path: below, form, bearer, from }) => {
    addresses += 1
    const type = typeof form === 'string' ? 'application/json' : 'application/x-www-form-urlencoded'
    const answer = await fetch(below.startsWith('/') ? base + below : below, {
      method,
      headers: {
        'x-forwarded-for': from ?? `198.51.100.${addresses % 250}`,
        ...(form !== undefined && { 'content-type': type }),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      },
      ...(form !== undefined && { body: typeof form === 'string' ? form : new URLSearchParams(form) }),
    })
    const text = await answer.text()
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      json: JSON.parse(text || '{}'),
      text,
    }
  }

  return {
    run,
    json,
    apps: people.apps,
    path,
    base,
    elsewhere: regions.eu + prefix,
    app,
    person: () => people.all[next++] ?? assert.fail('there is nobody left'),
    send,
    token: ({ id, secret }, form) =>
      send({ path: '/oauth2/v0/token', form: { client_id: id, client_secret: secret, ...form } }),
    authorize: (query, person, decision = 'allow') => authorizing(regions.us, query, person, decision),
    digitsFor: (email, after = 0) => digitsIn(mails, email, after),
    async copy() {
      const file = join(folder, `copy-${randomUUID()}.db`)
      await run(['db', 'backup', file])
      const server = await startServer({ folder, env, config: settings('us', file) })
      servers.push(server)
      return { path: file, base: server.base + prefix }
    },
    async close() {
      await Promise.all(servers.map((server) => server.kill()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Companies, people and their old tokens come in files, as an operator has them; the apps by commands. */
async function importPeople(folder: string, run: Commands['run'], app: ConcurServer['app']) {
  const direct = ['--policy', 'direct_grants=password,otp,authtoken']
  const own = ['--scope', ...appScopes, 'openid', 'offline_access', '--redirect-uri', redirectUri, ...direct]
  const trusted = await app('--id', 'trusted', ...own)
  const [second, legacy, open] = await Promise.all([
    app('--id', 'second', ...own),
    app('--id', 'legacy', '--identifier', oldKey),
    app('--id', 'open', '--type', 'public'),
  ])
  const hash = await hashPassword(testPassword)
  const all: readonly ConcurPerson[] = Array.from({ length: peopleMax }, (_, at) => ({
    id: randomUUID(),
    username: `person-${at}`,
    email: `person-${at}@company.example`,
    company: randomUUID(),
    legacyToken: `old-${randomUUID()}`,
    wideToken: `old-${randomUUID()}`,
    adminToken: `old-${randomUUID()}`,
  }))
  const write = (name: string, rows: readonly object[]): string => {
    const file = join(folder, name)
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'))
    return file
  }
  const organizations = all.map(({ company }, at) => ({ id: company, name: `Company ${at}` }))
  await run(['import', write('companies.ndjson', organizations), '--organizations'])
  const users = all.map(({ id, username, email, company }) => ({
    ...{ id, username, email, password_hash: hash, organizations: company },
  }))
  await run(['import', write('people.ndjson', users), '--users'])
  const tokens = all.flatMap(({ id, company, legacyToken, wideToken, adminToken }) => {
    const of = { client: legacy.id, user: id, organization: company }
    return [
      { ...of, token: legacyToken, kind: 'user', scopes: 'EXPRPT' },
      { ...of, token: wideToken, kind: 'user', scopes: 'EXPRPT EXTRCT' },
      { ...of, token: adminToken, kind: 'wsadmin', scopes: 'EXPRPT' },
    ]
  })
  await run(['import', write('tokens.ndjson', tokens)])
  return { all, apps: { trusted, second, legacy, public: open } }
}

/** Walks the pages as a browser does, until one leads back to the app. */
async function authorizing(
  origin: string,
  query: Form,
  { username }: ConcurPerson,
  decision: 'allow' | 'cancel',
): Promise<Heard> {
  const user = visitorAt(origin)
  let page = await user.get(`${prefix}/oauth2/v0/authorize?${new URLSearchParams(query)}`)
  for (let step = 0; step < 6; step += 1) {
    if (page.location?.startsWith(redirectUri)) {
      const { searchParams, hash } = new URL(page.location)
      const told = Object.fromEntries([...searchParams, ...new URLSearchParams(hash.slice(1))])
      const { error_code: code, ...rest } = told
      return {
        status: undefined,
        headers: {},
        json: code === undefined ? rest : { ...rest, code: Number(code) },
        text: page.location,
      }
    }
    const forms = formsOf(page.text)
    if (page.location !== undefined) {
      const to = new URL(page.location, origin)
      page = await user.get(to.pathname + to.search)
    } else if (forms.some(({ action }) => action.includes('sign-in'))) {
      page = await user.fill(page, /sign-in/, { username, password: testPassword })
    } else {
      page = await user.fill(page, /authorize/, { decision })
    }
  }
  return assert.fail(`the pages led nowhere: ${page.text.slice(0, 2000)}`)
}

async function digitsIn(folder: string, email: string, after: number): Promise<string> {
  const until = performance.now() + 30_000
  while (performance.now() < until) {
    const found = (await mailFolder(folder).list()).filter(({ to }) => to.includes(email))
    // Other mails may come in between, as that of an uninstall.
    const codes = found.flatMap(({ text }) => /^ *(\d{6}) *$/m.exec(text)?.[1] ?? [])
    if (codes.length > after && codes[0] !== undefined) return codes[0]
    // The mail leaves by the outbox of another process: asking again a little later is all there is.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return assert.fail(`no code came to ${email}`)
}
