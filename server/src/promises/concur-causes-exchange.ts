/** What `exchangeRefreshToken` of Concur's may say, and what brings it about. */
import { openSqlite } from '../storage/sqlite.ts'
import type { Brought, Causes } from './concur-cause.ts'
import { appScopes, asked, oldKey } from './concur-cause.ts'
import type { ConcurApp, ConcurServer, Heard } from './concur-server.ts'

type Exchange = {
  readonly token: string
  readonly secret?: string
  readonly key?: string
  readonly app?: ConcurApp
  readonly base?: string
  readonly bearer?: string
  readonly query?: string
}

const applicationToken = async (
  at: ConcurServer,
  { id, secret }: ConcurApp,
  base = at.base,
): Promise<string> => {
  const form = { client_id: id, client_secret: secret, grant_type: 'client_credentials' }
  return String((await at.send({ path: `${base}/oauth2/v0/token`, form })).json.access_token)
}

async function exchange(
  at: ConcurServer,
  { token, app = at.apps.legacy, ...other }: Exchange,
): Promise<Heard> {
  const { base = at.base, key = oldKey, secret = app.secret } = other
  const bearer = other.bearer ?? (await applicationToken(at, app, base))
  const path = `${base}/appmgmt/v0/legacyApps/${key}/exchangeRefreshToken/me${other.query ?? ''}`
  return at.send({ path, bearer, form: JSON.stringify({ token, secret }) })
}

/** A request that is wrong, and the right one for the same old token. */
const wrongly = (because: string, wrong: (at: ConcurServer, token: string) => Promise<Heard>) =>
  asked(
    because,
    (at, { legacyToken }) => wrong(at, legacyToken),
    (at, { legacyToken: token }) => exchange(at, { token }),
  )

/**
 * Trouble with the database of a server of its own, for as long as the request takes. No command, page or
 * request makes any: so it is made by another program that has the file open.
 */
const inTrouble =
  (begin: string, end: string, request: (at: ConcurServer, base: string) => Promise<() => Promise<Heard>>) =>
  async (at: ConcurServer): Promise<Brought> => {
    const { path, base } = await at.copy()
    const ask = await request(at, base)
    const other = await openSqlite(path)
    try {
      await other.query(begin, [])
      const heard = await ask()
      await other.query(end, [])
      return { heard, after: ask }
    } finally {
      await other.close()
    }
  }

const exchanging = async (at: ConcurServer, base: string): Promise<() => Promise<Heard>> => {
  const { legacyToken: token } = at.person()
  const bearer = await applicationToken(at, at.apps.legacy, base)
  return () => exchange(at, { token, base, bearer })
}

const refreshing = async (at: ConcurServer, base: string): Promise<() => Promise<Heard>> => {
  const { json } = await (await exchanging(at, base))()
  const { id: client_id, secret: client_secret } = at.apps.legacy
  const form = { client_id, client_secret, grant_type: 'refresh_token', refresh_token: String(json.token) }
  return () => at.send({ path: `${base}/oauth2/v0/token`, form })
}

const locked = ['begin immediate', 'rollback'] as const
const torn = ['alter table connections rename to torn', 'alter table torn rename to connections'] as const

const because = {
  locked:
    'Another program keeps the database locked for more than five seconds, or its disk is full, or it is gone.',
  torn: 'Somebody has changed the database by hand, so that a table is missing; or the server has a mistake.',
}

/** At the token endpoint, trouble is the same. */
export const troubleCauses = {
  500: [{ because: because.torn, bring: inTrouble(...torn, refreshing) }],
  503: [{ because: because.locked, bring: inTrouble(...locked, refreshing) }],
} as const satisfies Readonly<Record<number, Causes>>

export const exchangeCauses = {
  OK: [
    {
      because:
        'The old token is one of this app’s, with scopes that the app has; again, where the answer was lost.',
      async bring(at) {
        const { legacyToken: token } = at.person()
        return { heard: await exchange(at, { token }), after: () => exchange(at, { token }) }
      },
    },
  ],
  INVALIDSCOPES: [
    {
      because: 'The old token’s scopes are not all among the app’s.',
      async bring(at) {
        const { wideToken: token } = at.person()
        const heard = await exchange(at, { token })
        return {
          heard,
          async after() {
            await at.run(['client', 'set', at.apps.legacy.id, '--scope', ...appScopes, 'EXTRCT'])
            return exchange(at, { token })
          },
        }
      },
    },
  ],
  INVALIDAPP: [
    {
      because: 'The key in the path is another app’s.',
      async bring(at) {
        const key = 'OldKeyOfYetAnother'
        await at.app('--identifier', key)
        const { legacyToken: token } = at.person()
        return { heard: await exchange(at, { token, key }), after: () => exchange(at, { token }) }
      },
    },
    {
      because: 'The app is disabled, or may not exchange (`tokenferry client disable --exchange`).',
      async bring(at) {
        const { legacyToken: token } = at.person()
        await at.run(['client', 'disable', at.apps.legacy.id, '--exchange'])
        const heard = await exchange(at, { token })
        return {
          heard,
          async after() {
            await at.run(['client', 'enable', at.apps.legacy.id, '--exchange'])
            return exchange(at, { token })
          },
        }
      },
    },
  ],
  INVALIDTOKEN: [
    wrongly('The old token is none that was imported, or it has expired, or was revoked.', (at, token) =>
      exchange(at, { token: `${token}x` }),
    ),
    {
      because: 'The old token was exchanged before, and what came of it has been used.',
      async bring(at) {
        const { legacyToken: token } = at.person()
        const first = await exchange(at, { token })
        const form = { grant_type: 'refresh_token', refresh_token: String(first.json.token) }
        const used = await at.token(at.apps.legacy, form)
        return { heard: await exchange(at, { token }), after: async () => used }
      },
    },
    wrongly('The token of an ordinary user is to be a company’s (`returnType=companyToken`).', (at, token) =>
      exchange(at, { token, query: '?returnType=companyToken' }),
    ),
    {
      because:
        'The old token was exchanged for its user, and is now to be a company’s, or the other way round.',
      async bring(at) {
        const { adminToken: token } = at.person()
        const query = '?returnType=companyToken'
        await exchange(at, { token, query })
        return { heard: await exchange(at, { token }), after: () => exchange(at, { token, query }) }
      },
    },
    {
      because: 'The user, their company’s admin, or the app itself has ended what the app was allowed.',
      async bring(at) {
        const { legacyToken: token, id } = at.person()
        const first = await exchange(at, { token })
        const [connection] = Object.values(await at.json(['connection', 'list', '--user', id]))
        await at.run(['connection', 'revoke', String(Object(connection).number)])
        return { heard: await exchange(at, { token }), after: async () => first }
      },
    },
  ],
  UNAUTHORIZED: [
    wrongly('The secret is wrong.', (at, token) => exchange(at, { token, secret: 'wrong' })),
    wrongly('The access token in the header is not the app’s own.', (at, token) =>
      exchange(at, { token, bearer: 'unheard-of' }),
    ),
  ],
  BADREQUEST: [
    wrongly('The body is no JSON object.', async (at) =>
      at.send({
        path: `/appmgmt/v0/legacyApps/${oldKey}/exchangeRefreshToken/me`,
        bearer: await applicationToken(at, at.apps.legacy),
        form: '[]',
      }),
    ),
  ],
  NOTFOUND: [
    wrongly('The key in the path is no app’s.', (at, token) => exchange(at, { token, key: 'unheard-of' })),
  ],
  NOTALLOWED: [
    wrongly('The path takes other methods.', (at) =>
      at.send({ method: 'GET', path: `/appmgmt/v0/legacyApps/${oldKey}/exchangeRefreshToken/me` }),
    ),
  ],
  TOOMANYREQUESTS: [
    {
      because: 'The app has made all the exchanges of its day (`tokenferry client set --exchanges-per-day`).',
      async bring(at) {
        const { legacyToken: token } = at.person()
        await at.run(['client', 'set', at.apps.legacy.id, '--exchanges-per-day', '1'])
        await exchange(at, { token: at.person().legacyToken })
        const heard = await exchange(at, { token })
        return {
          heard,
          async after() {
            await at.run(['client', 'set', at.apps.legacy.id, '--exchanges-per-day', 'none'])
            return exchange(at, { token })
          },
        }
      },
    },
  ],
  SERVERERROR: [{ because: because.torn, bring: inTrouble(...torn, exchanging) }],
  TIMEDOUT: [{ because: because.locked, bring: inTrouble(...locked, exchanging) }],
} as const satisfies Readonly<Record<string, Causes>>
