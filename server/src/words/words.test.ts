import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { formatsFor } from './formats.ts'
import { chooseLanguage, languages, wordsFor } from './index.ts'

suite('words: every language', () => {
  const english = leavesOf(wordsFor('en'))

  for (const language of languages) {
    const own = leavesOf(wordsFor(language))

    test(`${language} says all that English says, and nothing else`, () => {
      assert.deepEqual([...own.keys()].sort(), [...english.keys()].sort())
    })

    test(`${language} says every part that English says`, () => {
      const found = [...own].flatMap(([key, leaf]) => {
        const model = english.get(key)
        if (typeof leaf !== typeof model) return [key]
        if (typeof leaf !== 'function' || typeof model !== 'function') return []
        return isDeepStrictEqual(partsSaid(leaf, model.length), partsSaid(model, model.length)) ? [] : [key]
      })
      assert.deepEqual(found, [])
    })

    test(`${language} leaves no sentence empty`, () => {
      const empty = [...own].filter(([, leaf]) => typeof leaf === 'string' && leaf.trim() === '')
      assert.deepEqual(empty, [])
    })

    test(`${language} has its own sentence, not another language's`, () => {
      if (language === 'en') return
      const same = [...own].filter(
        ([key, leaf]) => typeof leaf === 'string' && / .* /.test(leaf) && leaf === english.get(key),
      )
      assert.deepEqual(same, [])
    })
  }
})

suite('words: what a browser asks for', () => {
  const chosen: readonly (readonly [string | undefined, string])[] = [
    ['de', 'de'],
    ['DE', 'de'],
    ['de-AT', 'de'],
    ['de-Latn-AT, en', 'de'],
    ['en-US,en;q=0.9,de;q=0.8', 'en'],
    ['en;q=0.5, de;q=0.7', 'de'],
    ['de;q=0.7 , en ; q=0.700', 'de'],
    ['fr, de;q=0.3', 'de'],
    ['fr;q=1.000,de;q=0.001', 'de'],
    ['*', 'en'],
    ['*;q=0.1, de;q=0.2', 'de'],
    // Anything but English.
    ['en;q=0, *', 'de'],
    ['de;q=0', 'en'],
    ['de-AT, de;q=0', 'en'],
    ['', 'en'],
    [undefined, 'en'],
    ['fr', 'en'],
    ['de;q=2', 'en'],
    ['de;q=0.1234', 'en'],
    ['de;q=-1, de;q=x', 'en'],
    ['constructor, __proto__, toString', 'en'],
    ['"><script>alert(1)</script>', 'en'],
    [`${',;q='.repeat(10_000)}de`, 'en'],
  ]
  for (const [header, language] of chosen) {
    test(`${JSON.stringify(header?.slice(0, 40)) ?? 'nothing'} is answered in ${language}`, () => {
      assert.equal(chooseLanguage(header, 'en'), language)
    })
  }

  test('where nothing that there is was asked for, the operator says which', () => {
    assert.equal(chooseLanguage(undefined, 'de'), 'de')
    assert.equal(chooseLanguage('fr, *;q=0.5', 'de'), 'de')
    assert.equal(chooseLanguage('fr', 'de'), 'de')
    assert.equal(chooseLanguage('de;q=0, *', 'de'), 'en')
  })
})

suite('words: dates and counts', () => {
  const at = Date.UTC(2026, 4, 9, 14, 5)
  const day = 86_400_000
  const hour = 3_600_000

  test('are written as each language writes them', () => {
    const [en, de] = [formatsFor('en'), formatsFor('de')]
    assert.deepEqual([en.date(at), de.date(at)], ['9 May 2026', '9. Mai 2026'])
    assert.deepEqual([en.count(12_345), de.count(12_345)], ['12,345', '12.345'])
    assert.match(en.moment(at), /9 May 2026.*14:05 UTC/)
    assert.match(de.moment(at), /9\. Mai 2026.*14:05.*UTC/)
  })

  test('what was not long ago is said by days, what was by months and years', () => {
    const [en, de] = [formatsFor('en'), formatsFor('de')]
    assert.deepEqual([en.ago(at - hour, at), de.ago(at - hour, at)], ['today', 'heute'])
    assert.equal(en.ago(at - 15 * hour, at), 'yesterday')
    assert.deepEqual([en.ago(at - 5 * day, at), de.ago(at - 5 * day, at)], ['5 days ago', 'vor 5 Tagen'])
    assert.equal(en.ago(at - 70 * day, at), '2 months ago')
    assert.deepEqual(
      [en.ago(at - 800 * day, at), de.ago(at - 800 * day, at)],
      ['2 years ago', 'vor 2 Jahren'],
    )
    // A clock may have been set back.
    assert.equal(en.ago(at + 5 * day, at), 'today')
  })
})

type Sentence = (...parts: readonly string[]) => unknown
type Leaf = string | Sentence

/** Which of its parts a sentence says. */
function partsSaid(sentence: Sentence, count: number): readonly string[] {
  const parts = Array.from({ length: count }, (_, at) => `part${at}`)
  const text = JSON.stringify(sentence(...parts))
  return parts.filter((part) => text.includes(part))
}

/** Every sentence by its place: `signIn.title`. */
function leavesOf(words: object, path = ''): ReadonlyMap<string, Leaf> {
  return new Map(
    Object.entries(words).flatMap(([name, value]: readonly [string, unknown]) =>
      typeof value === 'object' && value !== null
        ? [...leavesOf(value, `${path}${name}.`)]
        : // Words are nothing but texts, functions of them, and objects of both.
          [[`${path}${name}`, value as Leaf] as const],
    ),
  )
}
