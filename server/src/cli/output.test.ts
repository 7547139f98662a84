/** What a table shows of names that others gave. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sayRecord, sayRecords } from './output.ts'

/** The command's output; nothing else is printed between, as nothing is waited for. */
function printed(print: () => void): string {
  const { write } = process.stdout
  let text = ''
  process.stdout.write = (chunk: string | Uint8Array): boolean => {
    text += String(chunk)
    return true
  }
  try {
    print()
  } finally {
    process.stdout.write = write
  }
  return text
}

suite('output: names that others gave', () => {
  const bidirectional = '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'

  test('nothing in them rewrites the terminal or turns a line around', () => {
    const record = {
      name: `App \u202eppA\u001b[2J\u009b`,
      scopes: ['read\u202e', 'a\u0007b'],
      marks: bidirectional,
    }
    const lines = printed(() => sayRecord(record, { json: false })).split('\n')
    assert.deepEqual(lines, [
      'name    App ?ppA?[2J?',
      'scopes  read? a?b',
      `marks   ${'?'.repeat(bidirectional.length)}`,
      '',
    ])
    const columns = { NAME: ({ name }: typeof record) => name, SCOPES: ({ scopes }: typeof record) => scopes }
    const table = printed(() => sayRecords([record], columns, { json: false, none: '' }))
    assert.equal(table, 'NAME           SCOPES\nApp ?ppA?[2J?  read? a?b\n')
  })

  test('letters of every script stay as they are', () => {
    const name = 'Grüße, שלום, مرحبا, 日本 👩‍🚀'
    assert.equal(
      printed(() => sayRecord({ name }, { json: false })),
      `name  ${name}\n`,
    )
  })
})
