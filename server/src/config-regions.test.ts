import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ConfigError, parseConfig } from './config.ts'
import { regionsOf } from './config-regions.ts'

const parse = (lines: string) =>
  parseConfig(
    [
      'public_url: https://us.example',
      'database: sqlite:./x.db',
      'root_secret: env:SECRET',
      'mounts: [{ dialect: concur, prefix: / }]',
      lines,
    ].join('\n'),
    'a.yaml',
  )

function told(lines: string): string {
  try {
    parse(lines)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  return 'accepted'
}

const two = 'regions: { us: https://us.example, eu: https://eu.example }'
const addressWords = 'an https address without a query, such as https://us.example.com; http on the loopback'

suite('configuration of regions: a mistake says where it is, and what would be accepted', () => {
  const cases: readonly (readonly [what: string, lines: string, says: string])[] = [
    [
      'a region without the others',
      'region: us',
      'a.yaml:1: regions is missing; expected: at least one region with its address, such as ' +
        'us: https://us.example.com; us is one of them',
    ],
    [
      'regions, none of which this is',
      two,
      'a.yaml:1: region is missing; expected: one of us, eu, as regions names them',
    ],
    [
      'a region that there is none of',
      `region: ap\n${two}`,
      'a.yaml:5: region is "ap"; expected: one of us, eu, as regions names them',
    ],
    [
      'another region’s address',
      `region: eu\n${two}`,
      'a.yaml:1: public_url is "https://us.example"; expected: https://eu.example, which regions says is the ' +
        'address of eu',
    ],
    [
      'two regions at one address',
      'region: us\nregions:\n  us: https://us.example\n  eu: https://us.example/',
      'a.yaml:8: regions.eu is "https://us.example/"; expected: an address of its own; us has this one',
    ],
    [
      'an address without TLS',
      'region: us\nregions:\n  us: https://us.example\n  eu: http://eu.example',
      `a.yaml:8: regions.eu is "http://eu.example"; expected: ${addressWords}`,
    ],
    [
      'an address with a password in it',
      'region: us\nregions:\n  us: https://us.example\n  eu: https://a:b@eu.example',
      `a.yaml:8: regions.eu is "https://a:b@eu.example"; expected: ${addressWords}`,
    ],
    [
      'no regions at all',
      'region: us\nregions: {}',
      'a.yaml:6: regions; expected: at least one region with its address, such as us: https://us.example.com',
    ],
  ]
  for (const [what, lines, says] of cases) test(what, () => assert.equal(told(lines), says))

  test('a name that cannot be one', () => {
    assert.match(
      told('region: "https://us.example"\nregions: { "https://us.example": https://us.example }'),
      /^a\.yaml:5: region is "https:\/\/us\.example"; expected: the name of a region, such as us/,
    )
  })
})

suite('configuration of regions', () => {
  test('a slash at the end is no other address', () => {
    const config = parse(`region: us\nregions: { us: https://us.example/, eu: https://eu.example/auth/ }`)
    const found = regionsOf(config)
    assert.deepEqual(found && [found.here, found.all, [...found.addresses.values()]], [
      'us',
      ['us', 'eu'],
      ['https://us.example', 'https://eu.example/auth'],
    ])
  })

  test('without any, there are none', () => {
    assert.equal(regionsOf(parse('log: info')), undefined)
  })

  test('plain http is for the loopback, by any of its names', () => {
    const at = 'http://127.0.0.1:4000'
    for (const other of ['http://127.0.0.1:4001', 'http://localhost:4001', 'http://[::1]:4001']) {
      const text = `region: us\nregions: { us: "${at}", eu: "${other}" }`
      const config = () =>
        parseConfig(
          `public_url: ${at}\ndatabase: sqlite:x\nroot_secret: env:S\nmounts: [{ dialect: concur, prefix: / }]\n${text}`,
          'a.yaml',
        )
      assert.equal(config().regions?.eu, other)
    }
  })
})
