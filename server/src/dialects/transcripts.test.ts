/** Every dialect's recorded conversation, said again to the server: what a company's own documentation promises. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { differences } from '../testing/comparison.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { credentialsOf, testDeployment } from '../testing/deployment.ts'
import type { Meaning } from '../testing/transcript.ts'
import { readTranscript, requestOf } from '../testing/transcript.ts'
import { dialects } from './index.ts'

for (const { name } of dialects) {
  suite(`transcript: ${name}`, () => {
    const text = readFileSync(new URL(`./${name}.http`, import.meta.url), 'utf8')
    const captured: Meaning['captured'] = new Map()
    let host: TestDeployment
    before(async () => {
      host = await testDeployment({ mounts: [name] })
    })
    after(() => host.close())

    for (const exchange of readTranscript(text, `${name}.http`)) {
      test(exchange.says || `line ${exchange.line}: ${exchange.method} ${exchange.path}`, async () => {
        host.clock.advance(exchange.advance)
        const section = host.sections[name] ?? { prefix: '' }
        const meaning = { captured, section, now: host.clock.now }
        const request = requestOf(exchange, meaning)
        const answer = await host.request(section.prefix, request)
        const found = differences(exchange, answer, meaning)
        assert.equal(found.length, 0, `${name}.http:${exchange.line}\n${found.join('\n')}`)
      })
    }

    test('no credential of the conversation is in the log', () => {
      const said = [...captured.values()].map(String).filter((value) => value.length >= 16)
      const log = host.logs.join('')
      assert.ok(log.length > 0)
      const leaked = [...said, ...credentialsOf(host.sections)].filter((credential) =>
        log.includes(credential),
      )
      assert.equal(leaked.length, 0, `${leaked.length} credentials are in the log.`)
    })
  })
}
