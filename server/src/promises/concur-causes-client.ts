/** Codes of Concur's that are about the client, and about the request itself. */
import type { Causes } from './concur-cause.ts'
import { asked, byPassword, ours, redirectUri } from './concur-cause.ts'
import type { ConcurServer, Heard } from './concur-server.ts'

const own = (at: ConcurServer): Promise<Heard> =>
  at.token(at.apps.legacy, { grant_type: 'client_credentials' })

const path = '/oauth2/v0/token'

export const clientCauses = {
  59: [
    {
      because: 'The client is disabled (`tokenferry client disable`).',
      async bring(at) {
        const app = await at.app()
        await at.run(['client', 'disable', app.id])
        const request = () => at.token(app, { grant_type: 'client_credentials' })
        const heard = await request()
        return {
          heard,
          async after() {
            await at.run(['client', 'enable', app.id])
            return request()
          },
        }
      },
    },
  ],
  60: [
    ours(
      asked(
        'The grant type is one that nobody knows.',
        (at) => at.token(at.apps.legacy, { grant_type: 'device_code' }),
        own,
      ),
    ),
    ours(
      asked(
        'The client may not use this grant: `password` and `otp` are off unless it is allowed them (policy `direct_grants`).',
        (at, person) => byPassword(at, person, {}, at.apps.legacy),
        (at, person) => byPassword(at, person),
      ),
    ),
  ],
  61: [
    asked(
      'There is no client of this id.',
      (at) => at.token({ id: 'nobody', secret: at.apps.legacy.secret }, { grant_type: 'client_credentials' }),
      own,
    ),
    {
      because: 'At `/otp`, there is no client of this id.',
      says: 'client_id is not known to us',
      bring: async (at) => ({
        heard: await at.send({ path: '/oauth2/v0/otp', form: { client_id: 'nobody', client_secret: 'x' } }),
      }),
    },
  ],
  62: [
    asked(
      '`client_id` is missing.',
      (at) =>
        at.send({
          path,
          form: { client_secret: at.apps.legacy.secret, grant_type: 'client_credentials' },
        }),
      own,
    ),
  ],
  63: [
    asked(
      '`client_secret` is missing, and the client has one.',
      (at) => at.send({ path, form: { client_id: at.apps.legacy.id, grant_type: 'client_credentials' } }),
      own,
    ),
  ],
  64: [
    asked(
      'The secret is wrong.',
      (at) => at.token({ ...at.apps.legacy, secret: 'wrong' }, { grant_type: 'client_credentials' }),
      own,
    ),
    {
      because:
        'At `DELETE /app-mgmt/v0/connections`, the access token is no good, as it is after the first time.',
      isOurChoice: true,
      async bring(at) {
        const bearer = String((await byPassword(at, at.person())).json.access_token)
        const end = () => at.send({ method: 'DELETE', path: '/app-mgmt/v0/connections', bearer })
        const first = await end()
        return { heard: await end(), after: async () => first }
      },
    },
  ],
  65: [asked('`grant_type` is missing.', (at) => at.token(at.apps.legacy, {}), own)],
  115: [
    ours(
      asked(
        'A client without a secret asks for a token for itself.',
        (at) => at.send({ path, form: { client_id: at.apps.public.id, grant_type: 'client_credentials' } }),
        own,
      ),
    ),
  ],
  135: [
    ours(
      asked(
        'The body is no form.',
        (at) => at.send({ path, form: JSON.stringify({ grant_type: 'client_credentials' }) }),
        own,
      ),
    ),
    ours(
      asked(
        'Credentials stand in the address.',
        (at) => at.send({ path: `${path}?client_secret=x`, form: { grant_type: 'client_credentials' } }),
        own,
      ),
    ),
    ours(
      asked(
        'At `/authorize`, the `response_type` is one that nobody knows.',
        (at, person) =>
          at.authorize({ client_id: 'trusted', redirect_uri: redirectUri, response_type: 'token' }, person),
        own,
      ),
    ),
  ],
  404: [asked('There is nothing at this path.', (at) => at.send({ path: '/oauth2/v0/tokens' }), own)],
  405: [asked('The path takes other methods.', (at) => at.send({ path, method: 'GET' }), own)],
  429: [
    {
      because:
        'From this address, too many credentials were guessed within a minute (`limits.failures_per_minute`).',
      async bring(at) {
        const from = '203.0.113.9'
        const guess = (): Promise<Heard> =>
          at.send({
            path,
            form: { client_id: at.apps.legacy.id, client_secret: 'wrong', grant_type: 'client_credentials' },
            from,
          })
        let heard = await guess()
        for (let guesses = 1; heard.status === 401 && guesses < 1500; guesses += 1) heard = await guess()
        return { heard, after: () => own(at) }
      },
    },
  ],
} as const satisfies Readonly<Record<number, Causes>>
