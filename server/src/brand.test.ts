import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { brandOf } from './brand.ts'
import { cards, contrast, contrastMin } from './colours.ts'
import { scopeWordsOf } from './config-language.ts'

suite('brand', () => {
  const of = (brand: Parameters<typeof brandOf>[0]['brand']) =>
    brandOf({ public_url: 'https://auth.acme.example:8443/sso', brand })

  test('without a name, the host of the public address stands for it', () => {
    assert.equal(of({}).name, 'auth.acme.example:8443')
    assert.equal(of({ name: 'Acme & Sons' }).name, 'Acme & Sons')
  })

  test('help is a link to a page, or to a mail', () => {
    assert.equal(of({}).support, undefined)
    assert.equal(of({ support: 'help@acme.example' }).support, 'mailto:help@acme.example')
    assert.equal(of({ support: 'https://acme.example/help' }).support, 'https://acme.example/help')
  })

  test('whatever colour is configured, links and buttons can be read on light and dark cards', () => {
    // Each is dark enough for the light card, the last only just.
    for (const accent of [undefined, '#000000', '#0000ff', '#8b0000', '#0b5c7f', '#767676']) {
      const { light, dark } = of(accent === undefined ? {} : { accent }).colours
      for (const colour of [light.accent, light.over]) {
        assert.ok(contrast(colour, cards.light) >= contrastMin, `${colour} on light`)
      }
      for (const colour of [dark.accent, dark.over]) {
        assert.ok(contrast(colour, cards.dark) >= contrastMin, `${colour} on dark`)
      }
    }
  })

  test('a colour made lighter for the night stays as vivid as it was', () => {
    assert.equal(of({ accent: '#0b5c7f' }).colours.dark.accent, '#14a3e2')
    assert.equal(of({ accent: '#0000ff' }).colours.dark.accent, '#8a8aff')
    assert.equal(of({ accent: '#8b0000' }).colours.dark.accent, '#ff6262')
    assert.equal(of({ accent: '#000000' }).colours.dark.accent, '#999999', 'a grey stays grey')
  })

  test('contrast is what WCAG says it is', () => {
    assert.equal(contrast('#000000', '#ffffff'), 21)
    assert.equal(contrast('#ffffff', '#ffffff'), 1)
    // The grey that is known for passing, and the one beside it that does not.
    assert.ok(contrast('#767676', '#ffffff') >= contrastMin)
    assert.ok(contrast('#777777', '#ffffff') < contrastMin)
  })
})

suite('scopes in the words of the operator', () => {
  const settings = {
    read: { en: 'See your deals', de: 'Ihre Deals ansehen' },
    base: 'Basic data',
    only: { de: 'Nur' },
  }

  test('are said in the language of the page, else in the operator’s, else in any', () => {
    const inGerman = scopeWordsOf(settings, 'de', 'en')
    const inEnglish = scopeWordsOf(settings, 'en', 'en')
    assert.deepEqual([inGerman('read', []), inEnglish('read', [])], ['Ihre Deals ansehen', 'See your deals'])
    assert.deepEqual([inGerman('base', []), inEnglish('base', [])], ['Basic data', 'Basic data'])
    assert.equal(inEnglish('only', []), 'Nur')
  })

  test('beside openid, its scopes have words of ours until the operator has others', () => {
    const inGerman = scopeWordsOf({ email: 'An address' }, 'de', 'en')
    const among = ['openid', 'email', 'profile', 'read']
    assert.deepEqual(
      among.map((scope) => inGerman(scope, among)),
      [
        'Wissen, wer Sie sind, wenn Sie sich anmelden',
        'An address',
        'Ihren Namen und Ihren Benutzernamen sehen',
        undefined,
      ],
    )
    // Without openid, a scope that is called so may mean anything.
    assert.equal(inGerman('profile', ['profile']), undefined)
  })

  test('a scope without words has none, whatever it is called', () => {
    const words = scopeWordsOf(settings, 'en', 'en')
    assert.deepEqual(
      ['write', 'constructor', '__proto__'].map((scope) => words(scope, ['openid'])),
      [undefined, undefined, undefined],
    )
  })
})
