/** Codes of Concur's that are about one-time codes, authorization codes, refresh tokens and `/authorize`. */
import type { Brought, Causes } from './concur-cause.ts'
import { asked, byPassword, redirectUri } from './concur-cause.ts'
import type { ConcurApp, ConcurPerson, ConcurServer, Form, Heard } from './concur-server.ts'

/** `/otp`, with what belongs to it and what else is named; an empty value is none. */
const askForDigits = (
  { send, apps }: ConcurServer,
  { email }: ConcurPerson,
  more: Form = {},
): Promise<Heard> => {
  const { id: client_id, secret: client_secret } = apps.trusted
  const channel = { channel_type: 'email', channel_handle: email }
  return send({ path: '/oauth2/v0/otp', form: { client_id, client_secret, ...channel, ...more } })
}

/** The `otp` grant. */
const byDigits = (at: ConcurServer, { email }: ConcurPerson, otp: string, more: Form = {}): Promise<Heard> =>
  at.token(at.apps.trusted, {
    ...{ grant_type: 'otp', channel_type: 'email', channel_handle: email, otp },
    ...more,
  })

/** What is wrong with the digits, or with what is sent with them; and then the right ones. */
const withDigits =
  (wrong: (at: ConcurServer, person: ConcurPerson, digits: string) => Promise<Heard>) =>
  async (at: ConcurServer): Promise<Brought> => {
    const person = at.person()
    await askForDigits(at, person, { terminal: '7' })
    const digits = await at.digitsFor(person.email)
    const heard = await wrong(at, person, digits)
    return { heard, after: () => byDigits(at, person, digits, { terminal: '7' }) }
  }

const other = (digits: string): string => (digits === '000000' ? '000001' : '000000')

const query = { client_id: 'trusted', redirect_uri: redirectUri, response_type: 'code', scope: 'LIST' }

const allowed = async (at: ConcurServer): Promise<string> =>
  String((await at.authorize(query, at.person())).json.code)

const byCode = (
  at: ConcurServer,
  code: string,
  more: Form = {},
  app: ConcurApp = at.apps.trusted,
): Promise<Heard> =>
  at.token(app, { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...more })

/** What is wrong with a code that is good, and then nothing. */
const withCode =
  (wrong: (at: ConcurServer, code: string) => Promise<Heard>) =>
  async (at: ConcurServer): Promise<Brought> => {
    const code = await allowed(at)
    return { heard: await wrong(at, code), after: () => byCode(at, code) }
  }

/** A request to `/authorize` that is wrong, and one that is right. */
const atAuthorize = (because: string, wrong: Form, right: Form) =>
  asked(
    `At \`/authorize\`, ${because}.`,
    (at, person) => at.authorize({ ...query, ...wrong }, person),
    (at, person) => at.authorize({ ...query, ...right }, person),
  )

const refresh = (at: ConcurServer, refresh_token: string, app = at.apps.trusted): Promise<Heard> =>
  at.token(app, { grant_type: 'refresh_token', refresh_token })

export const codeCauses = {
  55: [
    asked(
      'At `/otp`, no user has this address, or more than one has.',
      (at, person) => askForDigits(at, { ...person, email: 'nobody@company.example' }),
      askForDigits,
    ),
    asked('With the `otp` grant, no user has this address, or more than one has.', (at, person) =>
      byDigits(at, { ...person, email: 'nobody@company.example' }, '123456'),
    ),
  ],
  56: [asked('`otp` is missing.', (at, person) => byDigits(at, person, ''))],
  57: [
    asked('`channel_type` is missing.', (at, person) => byDigits(at, person, '123456', { channel_type: '' })),
    {
      ...asked(
        'At `/otp`, `channel_type` is missing.',
        (at, person) => askForDigits(at, person, { channel_type: '' }),
        askForDigits,
      ),
      says: 'channel_type was not supplied',
    },
  ],
  58: [
    asked('`channel_handle` is missing.', (at, person) => byDigits(at, { ...person, email: '' }, '123456')),
    {
      ...asked(
        'At `/otp`, `channel_handle` is missing.',
        (at, person) => askForDigits(at, { ...person, email: '' }),
        askForDigits,
      ),
      says: 'channel_handle was not supplied',
    },
  ],
  80: [
    asked(
      '`channel_type` is not `email`.',
      (at, person) => askForDigits(at, person, { channel_type: 'sms' }),
      askForDigits,
    ),
  ],
  81: [
    asked(
      '`channel_handle` is no mail address.',
      (at, person) => askForDigits(at, { ...person, email: 'somebody' }),
      askForDigits,
    ),
  ],
  82: [
    {
      because: 'At `/otp`, five one-time codes of this user for this app have not expired yet.',
      isOurChoice: true,
      says: 'the number of open otp requests has been exceeded',
      async bring(at) {
        const person = at.person()
        for (let codes = 0; codes < 5; codes += 1) await askForDigits(at, person)
        const heard = await askForDigits(at, person)
        const digits = await at.digitsFor(person.email, 4)
        return { heard, after: () => byDigits(at, person, digits) }
      },
    },
  ],
  83: [
    asked(
      'No one-time code of this address is open: none was asked for, or it was used, or it has expired.',
      (at, person) => byDigits(at, person, '123456'),
    ),
  ],
  84: [
    {
      because: 'A parameter of the app’s own, which it sent to `/otp`, is not repeated as it was.',
      isOurChoice: true,
      bring: withDigits((at, person, digits) => byDigits(at, person, digits, { terminal: '8' })),
    },
  ],
  85: [
    {
      because: 'The digits are wrong. Five such guesses close a code.',
      bring: withDigits((at, person, digits) => byDigits(at, person, other(digits), { terminal: '7' })),
    },
  ],
  101: [{ because: '`code` is missing.', bring: withCode((at) => byCode(at, '')) }],
  102: [
    {
      because: '`redirect_uri` is missing.',
      bring: withCode((at, code) => byCode(at, code, { redirect_uri: '' })),
    },
  ],
  103: [
    {
      because: 'The code is none that was said, or has expired.',
      bring: withCode((at, code) => byCode(at, `${code}x`)),
    },
    {
      because: 'The code was used before.',
      async bring(at) {
        const code = await allowed(at)
        const first = await byCode(at, code)
        return { heard: await byCode(at, code), after: async () => first }
      },
    },
  ],
  104: [
    {
      because: '`redirect_uri` is not the one that the user was sent back to.',
      bring: withCode((at, code) => byCode(at, code, { redirect_uri: 'https://other.example/' })),
    },
  ],
  105: [
    {
      because: 'The code was said to another client.',
      bring: withCode((at, code) => byCode(at, code, {}, at.apps.second)),
    },
  ],
  106: [
    asked(
      '`refresh_token` is missing.',
      (at) => refresh(at, ''),
      async (at, person) => refresh(at, String((await byPassword(at, person)).json.refresh_token)),
    ),
  ],
  107: [
    {
      because: 'The app may not refresh (policy `may_refresh: false`).',
      isOurChoice: true,
      async bring(at) {
        const app = await at.app('--policy', 'direct_grants=password')
        const pair = await byPassword(at, at.person(), {}, app)
        const refresh_token = String(pair.json.refresh_token)
        await at.run(['client', 'set', app.id, '--policy', 'may_refresh=false'])
        const heard = await refresh(at, refresh_token, app)
        return {
          heard,
          async after() {
            await at.run(['client', 'set', app.id, '--policy', 'may_refresh='])
            return refresh(at, refresh_token, app)
          },
        }
      },
    },
  ],
  108: [
    asked('The refresh token is none that was said.', (at) => refresh(at, 'tfr_unheard-of')),
    {
      because: 'The refresh token is another client’s.',
      async bring(at) {
        const refresh_token = String((await byPassword(at, at.person())).json.refresh_token)
        const heard = await refresh(at, refresh_token, at.apps.second)
        return { heard, after: () => refresh(at, refresh_token) }
      },
    },
    {
      because:
        'The user, or their company’s admin, or the app itself (`DELETE /app-mgmt/v0/connections`) has ended what was allowed.',
      async bring(at) {
        const person = at.person()
        const { access_token, refresh_token } = (await byPassword(at, person)).json
        const path = '/app-mgmt/v0/connections'
        const ended = await at.send({ method: 'DELETE', path, bearer: String(access_token) })
        return { heard: await refresh(at, String(refresh_token)), after: async () => ended }
      },
    },
  ],
  117: [
    atAuthorize(
      '`nonce` is missing where an `id_token` is asked for',
      { response_type: 'code id_token', scope: 'openid LIST' },
      { response_type: 'code id_token', scope: 'openid LIST', nonce: 'n-1' },
    ),
  ],
  118: [
    atAuthorize(
      '`display` is none of `page`, `popup`, `touch` and `wap`',
      { display: 'poster' },
      { display: 'popup' },
    ),
  ],
  119: [
    atAuthorize(
      '`prompt` is none of `none`, `login`, `consent` and `select_account`',
      { prompt: 'please' },
      { prompt: 'consent' },
    ),
    {
      ...atAuthorize(
        '`offline_access` is asked for without `prompt=consent`',
        { scope: 'openid offline_access' },
        { scope: 'openid offline_access', prompt: 'consent' },
      ),
      says: 'prompt must be set to consent for offline_access',
    },
  ],
} as const satisfies Readonly<Record<number, Causes>>
