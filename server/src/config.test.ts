import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ConfigError, configSchema, parseConfig } from './config.ts'
import { dialects } from './dialects/index.ts'

const right = {
  public_url: 'https://auth.example.com',
  database: 'sqlite:./x.db',
  root_secret: 'env:SECRET',
}

/** A configuration with these lines, and a mount where they have none. */
const text = (lines: string): string =>
  [
    ...Object.entries(right).map(([name, value]) => `${name}: ${value}`),
    ...(lines.includes('mounts:') ? [] : ['mounts: [{ dialect: standard, prefix: / }]']),
    lines,
  ].join('\n')

function told(lines: string): string {
  try {
    parseConfig(text(lines), 'a.yaml')
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  return 'accepted'
}

const mount = (policy: string): string =>
  `mounts:\n  - dialect: standard\n    prefix: /\n    policy: { ${policy} }`

/** Ends within the provider, so that a test says the rest. */
const provider = 'sign_in: { provider: { name: Acme, client_id: c'

suite('configuration: an address of a database is understood, or not repeated', () => {
  const toldOf = (database: string): string => {
    const settings = { ...right, database, mounts: [{ dialect: 'standard', prefix: '/' }] }
    try {
      parseConfig(JSON.stringify(settings), 'a.yaml')
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.message
    }
    return 'accepted'
  }
  const host = '127.0.0.1:5432/name'
  for (const [database, says] of [
    [`postgres://u:SECRET:1@${host}`, 'accepted'],
    ['postgres://u@one:5432,[::1]:5433,two/name?sslmode=verify-full&sslrootcert=%2Fca.pem', 'accepted'],
    ['postgresql:///name?user=u&password=SE@CRET&host=%2Frun%2Fpostgresql&port=6432', 'accepted'],
    ['postgres://u@/name', 'accepted'],
    ['postgres://%2Frun%2Fpostgresql/name', 'accepted'],
    ['sqlite:./a?b#c.db', 'accepted'],
    ...['@', '/', '#', '?', '%', ' ', '\n', '5432/', '5432?', '%ff'].map(
      (sign) => [`postgres://u:SE${sign}CRET@${host}`, 'percent-encoded'] as const,
    ),
    [`postgres://u:SECRET/1@one,two/name`, 'percent-encoded'],
    [`postgres//u:SECRET@${host}`, 'postgres://user@host/name'],
    [`postgresS://u:SECRET@${host}`, 'postgres://user@host/name'],
    ['postgres://u:SECRET@one,,two/name', 'several hosts'],
    ['postgres://u:SECRET@one:99999/name', 'ports from 1 to 65535'],
    ['postgres://u:SECRET@one:0/name', 'ports from 1 to 65535'],
    ['postgres://u:SECRET@one:x/name', 'postgres://user@host/name'],
    ...['PASSWORD=SECRET', 'sslpassword=SECRET', 'options=-c%20jit=on', 'application_name=a', 'SECRET'].map(
      (query) => [`postgres://u@${host}?${query}`, 'behind the ? of an address only host, port'] as const,
    ),
    [`postgres://u:SECRET@${host}?sslmod=verify-full`, 'behind the ? of an address only host, port'],
    [`postgres://u:SECRET@${host}?sslmode=verify-full&sslmode=disable`, 'each once'],
    [`postgres://u:SECRET@${host}?sslmode=on`, 'sslmode as one of disable, prefer'],
  ] as const) {
    test(JSON.stringify(database), () => {
      const message = toldOf(database)
      assert.ok(message.includes(says), message)
      assert.doesNotMatch(message, /SE|CRET/)
      assert.equal(message.split('\n').length, 1, 'one sentence')
    })
  }
})

suite('configuration: a mistake says where it is, and what would be accepted', () => {
  const cases: readonly (readonly [lines: string, says: string])[] = [
    [
      mount('legacy_after_exchange: { retire_in: 30d }'),
      'a.yaml:7: mounts.0.policy.legacy_after_exchange; expected: keep, retire, retire_on_first_use or { retire_after: 30d }',
    ],
    [
      mount('rotate: often'),
      'a.yaml:7: mounts.0.policy.rotate is "often"; expected: always, never or { at_most_every: 60s }',
    ],
    [
      mount('refresh: 30'),
      'a.yaml:7: mounts.0.policy.refresh is 30; expected: never, or a duration such as 90d',
    ],
    [
      mount('access: 600'),
      'a.yaml:7: mounts.0.policy.access is 600; expected: a duration such as 30s, 10m, 1h or 14d',
    ],
    [
      mount('acess: 10m'),
      'a.yaml:7: mounts.0.policy.acess: there is no such setting here. Did you mean access?',
    ],
    [
      mount('may_refresh: maybe'),
      'a.yaml:7: mounts.0.policy.may_refresh is "maybe"; expected: true or false',
    ],
    [
      'sign_in: { password_page: "http://acme.example/password" }',
      'a.yaml:5: sign_in.password_page is "http://acme.example/password"; ' +
        'expected: an https address of yours where users choose another password',
    ],
    [
      'sign_in: { password: false }',
      'a.yaml:5: sign_in.password is false; expected: true where there is no sign_in.provider: else nobody could sign in',
    ],
    [
      `${provider}, issuer: 'http://id.example' } }`,
      'a.yaml:5: sign_in.provider.issuer is "http://id.example"; expected: an https address, as the provider says it; http on loopback',
    ],
    [
      `${provider}, issuer: 'https://id.example.com', scopes: [email] } }`,
      'a.yaml:5: sign_in.provider.scopes; expected: a list of scopes, openid among them, such as [openid, email]',
    ],
    [
      `${provider}, issuer: 'https://id.example.com', user: email } }`,
      'a.yaml:5: sign_in.provider.claim is missing; expected: email where user is email: no other claim is known to be verified',
    ],
    [
      `${provider}, issuer: 'https://id.example.com', client_secret: s3cret } }`,
      'a.yaml:5: sign_in.provider.client_secret; expected: env:NAME or file:PATH, such as env:ROOT_SECRET; never the value itself',
    ],
    ['listen: { port: 70000 }', 'a.yaml:5: listen.port is 70000; expected: a number from 0 to 65535'],
    [
      "brand: { name: Acme, accent: '#7fb8d0' }",
      'a.yaml:5: brand.accent is "#7fb8d0"; expected: a darker colour: on the light card (#ffffff) links and ' +
        'buttons in it have a contrast of 2.17:1, and need 4.5:1 to be read',
    ],
    [
      "brand: { accent_dark: '#0b5c7f' }",
      'a.yaml:5: brand.accent_dark is "#0b5c7f"; expected: a lighter colour: on the dark card (#19212a) links ' +
        'and buttons in it have a contrast of 2.20:1, and need 4.5:1 to be read',
    ],
    [
      'brand: { accent: blue }',
      'a.yaml:5: brand.accent is "blue"; expected: a colour in six hex digits with a # before them, in quotes, ' +
        "such as '#0b5c7f'",
    ],
    [
      'brand: { support: "javascript:alert(1)" }',
      'a.yaml:5: brand.support is "javascript:alert(1)"; expected: where users get help, such as ' +
        'https://example.com/help or help@example.com',
    ],
    ['language: fr', 'a.yaml:5: language is "fr"; expected: one of en, de'],
    [
      'scopes: { "deals:read": 7 }',
      'a.yaml:5: scopes.deals:read is 7; expected: what an app may do with this scope, in at most 200 letters, ' +
        'or one sentence for each of en, de',
    ],
    ['listen: { prot: 4000 }', 'a.yaml:5: listen.prot: there is no such setting here. Did you mean port?'],
    [
      'frobnicate: yes',
      `a.yaml:5: frobnicate: there is no such setting here; there are ${Object.keys(configSchema.shape).join(', ')}`,
    ],
    [
      'mounts: []',
      'a.yaml:4: mounts; expected: at least one mount, such as - { dialect: standard, prefix: / }',
    ],
    [
      'trusted_proxies: [proxy.internal]',
      'a.yaml:5: trusted_proxies.0 is "proxy.internal"; expected: an IP address or a range such as 10.0.0.0/8',
    ],
    [
      'trusted_proxies: [10.0.0.0/33]',
      'a.yaml:5: trusted_proxies.0 is "10.0.0.0/33"; expected: an IP address or a range such as 10.0.0.0/8',
    ],
    [
      'mail: { from: Acme, folder: ./mail }',
      'a.yaml:5: mail.from is "Acme"; expected: a mail address, such as Acme <no-reply@acme.example>',
    ],
    [
      'mail: { from: a@acme.example }',
      'a.yaml:5: mail; expected: one of smtp: { host: … } and folder: ./mail, not both',
    ],
    [
      'mail: { from: a@acme.example, smtp: { host: 10.0.0.3, tls: none, username: a, password: "env:B" } }',
      'a.yaml:5: mail.smtp.tls is "none"; expected: starttls or implicit: a password goes to another machine under ' +
        'TLS only',
    ],
    [
      'mail: { from: a@acme.example, smtp: { host: smtp.acme.example, username: a } }',
      'a.yaml:5: mail.smtp.password is missing; expected: the password of the user name, as env:NAME or file:PATH',
    ],
    [
      'mail: { from: a@acme.example, smtp: { host: smtp.acme.example, username: a, password: b } }',
      'a.yaml:5: mail.smtp.password; expected: env:NAME or file:PATH, such as env:ROOT_SECRET; never the value itself',
    ],
    ['log: loud', 'a.yaml:5: log is "loud"; expected: one of debug, info, warn, error, silent'],
    ['limits: { body_bytes: 1k }', 'a.yaml:5: limits.body_bytes is "1k"; expected: a whole number from 1024'],
  ]
  for (const [lines, says] of cases)
    test(lines.split('\n').at(-1)?.trim() ?? '', () => assert.equal(told(lines), says))

  test('a prefix or a dialect that is mounted twice names both lines', () => {
    const two = (first: string, second: string): string => `mounts:\n  - ${first}\n  - ${second}`
    assert.equal(
      told(two('{ dialect: dch, prefix: /x }', '{ dialect: concur, prefix: /x }')),
      'a.yaml:6: the prefix /x is mounted twice; first in line 5.',
    )
    assert.equal(
      told(two('{ dialect: dch, prefix: /x }', '{ dialect: dch, prefix: /y }')),
      'a.yaml:6: the dialect dch is mounted twice; first in line 5.',
    )
  })

  test('what is missing is said to be missing, with an example', () => {
    assert.throws(() => parseConfig('public_url: https://auth.example.com\nmounts: [{}]', 'a.yaml'), {
      name: 'ConfigError',
      message: [
        'a.yaml:1: database is missing; expected: sqlite:PATH, such as sqlite:./tokenferry.db; ' +
          'or postgres://user@host/name, or several hosts: postgres://user@one,two/name',
        'a.yaml:1: root_secret is missing; expected: env:NAME or file:PATH, such as env:ROOT_SECRET; never the value itself',
        `a.yaml:2: mounts.0.dialect is missing; expected: one of ${dialects.map(({ name }) => name).join(', ')}`,
        'a.yaml:2: mounts.0.prefix is missing; expected: / or a path such as /name',
      ].join('\n'),
    })
    assert.match(told('log:'), /^a\.yaml:5: log is missing; expected: one of debug,/)
  })

  test('aliases that stand for too much, or for nothing, are refused in one line', () => {
    const levels = Array.from({ length: 9 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(9)}]`)
    for (const lines of [['a0: &a0 [x]', ...levels].join('\n'), 'log: *nobody'])
      assert.match(told(lines), /^a\.yaml(:\d+)?: [^\n]*alias[^\n]*$/)
  })

  test('addresses and ranges of both versions are accepted', () => {
    assert.equal(told("trusted_proxies: [127.0.0.1, 10.0.0.0/8, '::1', 'fd00::/8']"), 'accepted')
  })
})
