import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isMailAddress, parseMailbox } from './mailbox.ts'
import { plainAnswer, plainName } from './plain.ts'

suite('mail: names that others have given', () => {
  const names: readonly (readonly [what: string, name: string, plain: string])[] = [
    ['an ordinary name stays', 'Deal Sync 2.0', 'Deal Sync 2.0'],
    ['letters of any script stay', 'Überweisung 東京 \u200eשלום', 'Überweisung 東京 שלום'],
    ['a family, joined of three, stays one', '👩‍👩‍👧', '👩‍👩‍👧'],
    ['a line break begins no header', 'App\r\nBcc: all@one.example', 'App Bcc: all@\u200cone.\u200cexample'],
    ['other line breaks neither', 'a\u2028b\u2029c\u0085d\ve\0f', 'a b c d e f'],
    ['nothing turns the direction', 'safe\u202e\u2066\u2069\u200f exe', 'safe exe'],
    ['nothing is hidden in it', 'a\u00ad\ufeff\u{e0041}\ue000b', 'ab'],
    ['quotes do not end it', 'A” is safe. “B" «C»', 'A’ is safe. ’B’ ’C’'],
    [
      'an address is no link',
      'https://evil.example/x',
      'https:\u200c/\u200c/\u200cevil.\u200cexample/\u200cx',
    ],
    ['one without a scheme neither', 'www.evil.example', 'www\u200c.\u200cevil.\u200cexample'],
    [
      'towers of marks are cut',
      `Z${'\u0301\u0300'.repeat(30)}o`,
      'Z\u0301\u0300\u0301\u0300o'.normalize('NFC'),
    ],
    ['it is short', 'x'.repeat(200), `${'x'.repeat(60)}…`],
    ['no letter is cut in two', '𝒳'.repeat(61), `${'𝒳'.repeat(60)}…`],
    ['nothing but what cannot be seen is nothing', ' \u202e\u200f\n ', ''],
  ]
  for (const [what, name, plain] of names) {
    test(what, () => assert.equal(plainName(name), plain))
  }

  test('an answer of a server is one line, and names nobody', () => {
    assert.equal(
      plainAnswer('550-5.1.1 <alice@one.example>:\r\n550 5.1.1 no "alice@one.example" here'),
      '550-5.1.1 (address): 550 5.1.1 no "(address)" here',
    )
    assert.equal(plainAnswer('x'.repeat(5000)).length, 200)
  })
})

suite('mail: addresses', () => {
  test('a mailbox has an address, and may have a name', () => {
    assert.deepEqual(parseMailbox('Acme & Söhne <no-reply@acme.example>'), {
      name: 'Acme & Söhne',
      address: 'no-reply@acme.example',
    })
    assert.deepEqual(parseMailbox('no-reply@acme.example'), { name: '', address: 'no-reply@acme.example' })
    for (const wrong of [
      'Acme',
      'Acme <acme>',
      'a@b.example>',
      '<a@b.example',
      'A <a@b.example> B',
      'a@b.example, c@d.example',
      '',
    ]) {
      assert.equal(parseMailbox(wrong), undefined, wrong)
    }
  })

  test('one address is taken, anything beside it is not', () => {
    for (const right of [
      'alice@one.example',
      'a+b.c_d@x.y.example',
      "o'hara@one.example",
      'jürgen@bücher.example',
      'root@localhost',
    ]) {
      assert.ok(isMailAddress(right), right)
    }
    const wrong = [
      '',
      'alice',
      '@one.example',
      'alice@',
      'a b@one.example',
      'a@one.example\r\nBcc: b@one.example',
      'a@one.example,b@one.example',
      '<a@one.example>',
      '"a"@one.example',
      'a@b@one.example',
      '.a@one.example',
      'a..b@one.example',
      'a@one..example',
      'a@-one.example',
      `${'a'.repeat(65)}@one.example`,
      'a@one.example\u0000',
      'a\u202e@one.example',
    ]
    for (const one of wrong) assert.ok(!isMailAddress(one), JSON.stringify(one))
  })
})
