/** Apps of three dialects, and how each dialect says that the trouble is ours. */
import assert from 'node:assert/strict'
import { exchange, refresh, standardApp } from '../promises/asks.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'

export type FaultyApp = {
  readonly dialect: 'standard' | 'concur' | 'dch'
  /** One that nobody has sent yet. */
  nextLegacyToken(): string
  exchange(legacyToken: string): Promise<TestAnswer>
  refresh(refreshToken: string): Promise<TestAnswer>
  /** The refresh token in a good answer; throws where it is none. */
  tokenIn(answer: TestAnswer): string
}

/** The dialects to mount, whose shapes of trouble differ the most, and how. */
export const dialectsInTrouble = ['standard', 'concur', 'dch'] as const

function oneByOne(list: unknown): () => string {
  const unsent = Array.isArray(list) ? list.map(String) : []
  return () => unsent.shift() ?? assert.fail('There is no legacy token left.')
}

/** Apps that have said who they are, as they had before the trouble began. */
export async function appsOf(here: TestDeployment): Promise<readonly FaultyApp[]> {
  return [standardOf(here), await concurOf(here), dchOf(here)]
}

const tokenNamed =
  (name: string) =>
  ({ status, json, text }: TestAnswer): string => {
    assert.equal(status, 200, text)
    assert.equal(typeof json[name], 'string', text)
    return String(json[name])
  }

function standardOf(here: TestDeployment): FaultyApp {
  const app = standardApp(here)
  const ask = (path: string, body: Readonly<Record<string, string>>): Promise<TestAnswer> =>
    here.request('', { path, body })
  return {
    dialect: 'standard',
    nextLegacyToken: oneByOne(app.legacyTokens),
    exchange: (legacyToken) => exchange(ask, app, legacyToken),
    refresh: (refreshToken) => refresh(ask, app, refreshToken),
    tokenIn: tokenNamed('refresh_token'),
  }
}

async function concurOf(here: TestDeployment): Promise<FaultyApp> {
  const section = here.sections.concur ?? assert.fail('concur is not mounted')
  const secret = String(section.client_secret)
  const client = { client_id: String(section.client_id), client_secret: secret }
  const token = (form: Readonly<Record<string, string>>): Promise<TestAnswer> =>
    here.request('/concur', { path: '/oauth2/v0/token', body: { ...client, ...form } })
  const { json } = await token({ grant_type: 'client_credentials' })
  const headers = { authorization: `Bearer ${json.access_token}`, 'content-type': 'application/json' }
  const path = `/appmgmt/v0/legacyApps/${section.old_consumer_key}/exchangeRefreshToken/me`
  return {
    dialect: 'concur',
    nextLegacyToken: oneByOne(section.legacy_tokens),
    exchange: (legacyToken) =>
      here.request('/concur', { path, headers, body: JSON.stringify({ token: legacyToken, secret }) }),
    refresh: (refreshToken) => token({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    tokenIn: (answer) => tokenNamed('token' in answer.json ? 'token' : 'refresh_token')(answer),
  }
}

function dchOf(here: TestDeployment): FaultyApp {
  const section = here.sections.dch ?? assert.fail('dch is not mounted')
  const client = Object.fromEntries(
    ['app_id', 'app_version', 'client_secret'].map((name) => [name, String(section[name])]),
  )
  const token = (form: Readonly<Record<string, string>>): Promise<TestAnswer> =>
    here.request('/dch', { path: '/oauth2/token', body: { ...client, ...form } })
  return {
    dialect: 'dch',
    nextLegacyToken: oneByOne(section.legacy_tokens),
    exchange: (legacyToken) => token({ grant_type: 'exchange_token', token: legacyToken }),
    refresh: (refreshToken) => token({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    tokenIn: tokenNamed('refresh_token'),
  }
}

/** 503 and `Retry-After`, in the words of the dialect. */
export function assertTrouble(answer: TestAnswer, { dialect }: Pick<FaultyApp, 'dialect'>): void {
  const { status, headers, json, text } = answer
  assert.equal(status, 503, `${dialect}: ${text}`)
  assert.ok(Number(headers['retry-after']) >= 1, `${dialect}: retry-after ${headers['retry-after']}`)
  assert.deepEqual(shapeOf(json), shapes[dialect](json), dialect)
}

const shapeOf = (json: Readonly<Record<string, unknown>>): readonly unknown[] => [
  Object.keys(json).sort().join(' '),
  json.error ?? json.code,
]

// Concur's exchange has symbols where its token endpoint has numbers.
const shapes = {
  standard: () => ['error error_description', 'temporarily_unavailable'],
  concur: ({ code }: Readonly<Record<string, unknown>>) =>
    code === 503 ? ['code error error_description', 'temporarily_unavailable'] : ['code message', 'TIMEDOUT'],
  dch: () => ['error hint message', 'temporarily_unavailable'],
} as const
