/**
 * The floor: what any server in this language must at least do. It parses the form, hashes the secret,
 * makes one row durable (a client's own token needs none; an introspection reads one) and signs, or verifies;
 * with the engine, the settings, the group commit and the signing function of this server, and nothing else.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { builtinModules } from 'node:module'
import type { AddressInfo } from 'node:net'
import { parse } from 'node:querystring'
import { generateKeyPair } from '../server/src/keys/key-pair.ts'
import type { SigningKey } from '../server/src/keys/sign.ts'
import { keyId, signToken, verifyToken } from '../server/src/keys/sign.ts'
import { clientId, clientSecret, codeChallenge } from './rows.ts'

type Value = string | number | Uint8Array
type Prepared = {
  run(...values: Value[]): { readonly changes: number | bigint }
  get(...values: Value[]): unknown
}
type Connection = { exec(sql: string): void; prepare(sql: string): Prepared; close(): void }
type Engine = { readonly DatabaseSync: new (path: string) => Connection }
// The engine that this server would take.
const engine = builtinModules.includes('node:sqlite') ? 'node:sqlite' : '@photostructure/sqlite'
const { DatabaseSync } = (await import(engine)) as unknown as Engine

const [path = '', algorithm = 'ES256'] = process.argv.slice(2)
const connection = new DatabaseSync(path)
connection.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 2000;
  pragma cache_size = -16384; pragma journal_size_limit = 67108864`)
const begin = connection.prepare('begin immediate')
const commit = connection.prepare('commit')
const exchange = connection.prepare(
  `update tokens set status = 'exchanged', at = ?, grant_number = ? where digest = ? and status = 'active'`,
)
const refresh = connection.prepare(
  'update grants set generation = generation + 1, rotated_at = ? where number = ?',
)

const read = connection.prepare('select * from grants where number = ?')

const secretHash = sha256(clientSecret)
const { privateKey, publicKey } = generateKeyPair(algorithm === 'RS256' ? 'RS256' : 'ES256')
const jwk = publicKey.export({ format: 'jwk' })
const key: SigningKey = {
  algorithm: algorithm === 'RS256' ? 'RS256' : 'ES256',
  privateKey,
  publicJwk: { ...jwk, kid: keyId(jwk), alg: algorithm, use: 'sig' },
  currentFrom: 0,
  publishUntil: undefined,
  signs: true,
}
const header = { alg: algorithm, typ: 'at+jwt', kid: key.publicJwk.kid }

type Waiting = {
  readonly statement: Prepared
  readonly values: readonly Value[]
  readonly done: (changes: number) => void
}
let waiting: Waiting[] = []

function commitRow(statement: Prepared, ...values: Value[]): Promise<number> {
  return new Promise((done) => {
    if (waiting.push({ statement, values, done }) === 1) setImmediate(() => setImmediate(flush))
  })
}

function flush(): void {
  const group = waiting
  waiting = []
  begin.run()
  const changes = group.map(({ statement, values }) => Number(statement.run(...values).changes))
  commit.run()
  for (const [at, { done }] of group.entries()) done(changes[at] ?? 0)
}

async function answer(form: NodeJS.Dict<string | string[]>, response: ServerResponse): Promise<void> {
  const known = form.client_id === clientId && timingSafeEqual(sha256(String(form.client_secret)), secretHash)
  if (!known) return send(response, 401, { error: 'invalid_client' })
  if (form.token !== undefined) return introspect(String(form.token), response)
  const now = Date.now()
  let refreshToken: string | undefined
  if (form.refresh_token !== undefined) {
    const number = Number(String(form.refresh_token).slice(4, 20))
    if ((await commitRow(refresh, now, number)) !== 1) return send(response, 400, { error: 'invalid_grant' })
    refreshToken = sayRefreshToken(number)
  } else if (form.subject_token !== undefined) {
    const changes = await commitRow(exchange, now, 1, sha256(String(form.subject_token)))
    if (changes !== 1) return send(response, 400, { error: 'invalid_grant' })
    refreshToken = sayRefreshToken(1)
  } else if (form.code !== undefined) {
    const isProved = sha256(String(form.code_verifier)).toString('base64url') === codeChallenge
    const changes = isProved ? await commitRow(exchange, now, 1, sha256(String(form.code))) : 0
    if (changes !== 1) return send(response, 400, { error: 'invalid_grant' })
    refreshToken = sayRefreshToken(1)
  }
  const issued = Math.floor(now / 1000)
  const accessToken = await signToken(header, claimsAt(issued), key)
  return send(response, 200, {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: refreshToken,
    scope: 'read write',
  })
}

function introspect(token: string, response: ServerResponse): void {
  const verified = verifyToken(token, [key])
  const active = verified !== undefined && read.get(1) !== undefined
  send(response, 200, { active, token_type: 'Bearer', ...verified?.claims })
}

const claimsAt = (issued: number): object => ({
  iss: 'http://127.0.0.1:4000',
  sub: 'user-0123456789abcdef',
  aud: 'http://127.0.0.1:4000',
  client_id: clientId,
  scope: 'read write',
  iat: issued,
  exp: issued + 3600,
  jti: randomBytes(40).toString('hex'),
})

// As long as ours: 71 characters.
const sayRefreshToken = (number: number): string =>
  `tfr_${String(number).padStart(16, '0')}${randomBytes(26).toString('hex').slice(0, 51)}`

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => {
    body += chunk
  })
  request.on('end', () => void answer(parse(body), response))
})
server.listen(0, '127.0.0.1', () => console.log(`ready ${(server.address() as AddressInfo).port}`))
process.once('SIGTERM', () => {
  // The one reference that keeps the database open: a collected connection would close its statements.
  connection.close()
  process.exit(0)
})
