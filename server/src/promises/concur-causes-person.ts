/** Codes of Concur's that are about whom a password or a request token names. */
import { testPassword } from '../testing/account.ts'
import type { Causes } from './concur-cause.ts'
import { asked, byPassword, commanded, ours, redirectUri } from './concur-cause.ts'
import type { ConcurPerson, ConcurServer, Heard } from './concur-server.ts'

const trusted = ({ apps }: ConcurServer): string => apps.trusted.id

/** The `password` grant with a request token of this company, or of this user. */
const byRequestToken = (at: ConcurServer, username: string, password: string): Promise<Heard> =>
  at.token(at.apps.trusted, { grant_type: 'password', credtype: 'authtoken', username, password })

const requestToken = async (at: ConcurServer, { company }: ConcurPerson): Promise<string> => {
  const of = ['--client', trusted(at), '--organization', company]
  return String((await at.json(['request-token', 'add', ...of])).requestToken)
}

export const personCauses = {
  5: [
    asked(
      'The password is wrong.',
      (at, person) => byPassword(at, person, { password: 'wrong' }),
      byPassword,
    ),
    asked(
      'Nobody has this user name.',
      (at, person) => byPassword(at, { ...person, username: 'nobody' }),
      byPassword,
    ),
  ],
  10: [
    ours(
      commanded(
        'The user is disabled (`tokenferry user disable`).',
        ({ id }) => ['user', 'disable', id],
        ({ id }) => ['user', 'enable', id],
      ),
    ),
  ],
  11: [
    ours(
      commanded(
        'The user’s company is disabled (`tokenferry organization disable`).',
        ({ company }) => ['organization', 'disable', company],
        ({ company }) => ['organization', 'enable', company],
      ),
    ),
  ],
  12: [
    ours(
      commanded(
        'The user may not use this app (`tokenferry user bar`).',
        ({ id }, at) => ['user', 'bar', id, trusted(at)],
        ({ id }, at) => ['user', 'unbar', id, trusted(at)],
      ),
    ),
    {
      because: 'At `/authorize`, the user has said no.',
      isOurChoice: true,
      async bring(at) {
        const query = {
          client_id: trusted(at),
          redirect_uri: redirectUri,
          response_type: 'code',
          scope: 'LIST',
        }
        const person = at.person()
        const heard = await at.authorize(query, person, 'cancel')
        return { heard, after: () => at.authorize(query, person) }
      },
    },
  ],
  13: [
    ours(
      commanded(
        'The company may not use this app: it, or the operator for it, has taken the app out (`tokenferry organization bar`).',
        ({ company }, at) => ['organization', 'bar', company, trusted(at)],
        ({ company }, at) => ['organization', 'unbar', company, trusted(at)],
      ),
    ),
  ],
  14: [
    {
      because:
        'Too many passwords or one-time codes of this user were wrong: for a quarter of an hour, none is looked at.',
      isOurChoice: true,
      async bring(at) {
        const person = at.person()
        const guess = () => byPassword(at, person, { password: 'wrong' })
        // Ten; or some more, where a new quarter of an hour begins just then.
        for (let guesses = 0; guesses < 20 && (await guess()).json.code === 5; guesses += 1);
        // The right one, which is refused as well.
        const heard = await byPassword(at, person)
        return {
          heard,
          async after() {
            await at.run(['user', 'unlock', person.id])
            return byPassword(at, person)
          },
        }
      },
    },
  ],
  16: [
    {
      because:
        'The user, or their company, lives in another region: `geolocation` says where to send the same request.',
      async bring(at) {
        const person = at.person()
        await at.run(['user', 'set', person.id, '--region', 'eu'])
        const heard = await byPassword(at, person)
        const form = {
          ...credentials(at),
          grant_type: 'password',
          username: person.username,
          password: testPassword,
        }
        const there = `${heard.json.geolocation}/oauth2/v0/token`
        return { heard, after: () => at.send({ path: there, form }) }
      },
    },
  ],
  19: [
    {
      because: 'The request token is wrong: none that was made for this app and this company.',
      isOurChoice: true,
      async bring(at) {
        const person = at.person()
        const token = await requestToken(at, person)
        const heard = await byRequestToken(at, person.company, `${token}x`)
        return { heard, after: () => byRequestToken(at, person.company, token) }
      },
    },
    {
      because:
        'The request token is used up: it gives the same pair five times, and none once that has been used.',
      isOurChoice: true,
      async bring(at) {
        const person = at.person()
        const token = await requestToken(at, person)
        const pair = await byRequestToken(at, person.company, token)
        const refresh_token = String(pair.json.refresh_token)
        const first = await at.token(at.apps.trusted, { grant_type: 'refresh_token', refresh_token })
        return { heard: await byRequestToken(at, person.company, token), after: async () => first }
      },
    },
    {
      because:
        'The request token has expired: after 24 hours, or since `tokenferry client recover` has ended all of before.',
      isOurChoice: true,
      async bring(at) {
        const { company } = at.person()
        const app = await at.app('--policy', 'direct_grants=authtoken')
        const traded = async (password: string): Promise<Heard> =>
          at.token(app, { grant_type: 'password', credtype: 'authtoken', username: company, password })
        const add = ['request-token', 'add', '--client', app.id, '--organization', company]
        const made = async (): Promise<string> => String((await at.json(add)).requestToken)
        const token = await made()
        await at.run(['client', 'recover', app.id, '--all'])
        return { heard: await traded(token), after: async () => traded(await made()) }
      },
    },
  ],
  20: [
    {
      because:
        'The company allows some addresses alone (`tokenferry organization set --allow-address`), and this is another.',
      async bring(at) {
        const person = at.person()
        await at.run(['organization', 'set', person.company, '--allow-address', '192.0.2.0/24'])
        const heard = await byPassword(at, person)
        const form = {
          ...credentials(at),
          grant_type: 'password',
          username: person.username,
          password: testPassword,
        }
        return { heard, after: () => at.send({ path: '/oauth2/v0/token', form, from: '192.0.2.7' }) }
      },
    },
  ],
  51: [
    asked(
      '`username` is missing.',
      (at) => at.token(at.apps.trusted, { grant_type: 'password', password: testPassword }),
      byPassword,
    ),
  ],
  52: [asked('`password` is missing.', (at, person) => byPassword(at, person, { password: '' }), byPassword)],
  53: [
    {
      because:
        'This app needs companies to let it in (policy `organizations`); this one has not (`tokenferry organization enable-app`).',
      isOurChoice: true,
      async bring(at) {
        const app = await at.app('--policy', 'direct_grants=password', 'organizations=enabled')
        const person = at.person()
        const heard = await byPassword(at, person, {}, app)
        return {
          heard,
          async after() {
            await at.run(['organization', 'enable-app', person.company, app.id])
            return byPassword(at, person, {}, app)
          },
        }
      },
    },
  ],
  54: [
    asked(
      'A scope is asked for that the app may not have.',
      (at, person) => byPassword(at, person, { scope: 'LIST EXTRCT' }),
      (at, person) => byPassword(at, person, { scope: 'LIST' }),
    ),
    {
      because: 'A refresh asks for a scope that was not granted.',
      async bring(at) {
        const pair = await byPassword(at, at.person(), { scope: 'LIST' })
        const refresh = (scope: string): Promise<Heard> =>
          at.token(at.apps.trusted, {
            grant_type: 'refresh_token',
            refresh_token: String(pair.json.refresh_token),
            scope,
          })
        return { heard: await refresh('LIST EXPRPT'), after: () => refresh('LIST') }
      },
    },
  ],
  100: [
    {
      because: 'With `credtype=authtoken`, there is no user or company of this id.',
      async bring(at) {
        const person = at.person()
        const token = await requestToken(at, person)
        const heard = await byRequestToken(at, '8c844478-745c-4c45-adf7-1e2777a50dbf', token)
        return { heard, after: () => byRequestToken(at, person.company, token) }
      },
    },
  ],
  109: [
    asked(
      'With `login_type=loginid`, `loginid` is missing.',
      (at, person) => byPassword(at, person, { login_type: 'loginid' }),
      (at, person) => byPassword(at, person, { login_type: 'loginid', loginid: person.username }),
    ),
  ],
  120: [
    asked(
      '`credtype` is neither `password` nor `authtoken`.',
      (at, person) => byPassword(at, person, { credtype: 'pin' }),
      (at, person) => byPassword(at, person, { credtype: 'password' }),
    ),
  ],
  121: [
    asked(
      '`login_type` is neither `username` nor `loginid`.',
      (at, person) => byPassword(at, person, { login_type: 'email' }),
      (at, person) => byPassword(at, person, { login_type: 'username' }),
    ),
  ],
  122: [
    ours(
      asked(
        '`proxies` names someone who is no user of the company.',
        (at, person) => byPassword(at, person, { proxies: `${person.id} ${at.person().id}` }),
        (at, person) => byPassword(at, person, { proxies: person.id }),
      ),
    ),
  ],
  123: [
    {
      because: 'The user or company of a refresh token has been disabled since.',
      isOurChoice: true,
      async bring(at) {
        const person = at.person()
        const refresh_token = String((await byPassword(at, person)).json.refresh_token)
        const refresh = () => at.token(at.apps.trusted, { grant_type: 'refresh_token', refresh_token })
        await at.run(['user', 'disable', person.id])
        const heard = await refresh()
        return {
          heard,
          async after() {
            await at.run(['user', 'enable', person.id])
            return refresh()
          },
        }
      },
    },
  ],
} as const satisfies Readonly<Record<number, Causes>>

const credentials = ({ apps }: ConcurServer) => ({
  client_id: apps.trusted.id,
  client_secret: apps.trusted.secret,
})
