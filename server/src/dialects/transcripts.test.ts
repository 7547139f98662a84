/**
 * Every dialect's recorded conversation, said again to the server: what a company's own documentation
 * promises.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import type { Conversation } from '../testing/conversation.ts'
import { conversation } from '../testing/conversation.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { credentialsOf, sendsMails, testDeployment } from '../testing/deployment.ts'
import { readTranscript } from '../testing/transcript.ts'
import { dialects } from './index.ts'

for (const { name, endpoints } of dialects) {
  suite(`transcript: ${name}`, () => {
    const text = readFileSync(new URL(`./${name}.http`, import.meta.url), 'utf8')
    let host: TestDeployment
    let spoken: Conversation
    before(async () => {
      host = await testDeployment({ mounts: [name], mails: sendsMails(endpoints) })
      spoken = conversation(host, name)
    })
    after(() => host.close())

    for (const exchange of readTranscript(text, `${name}.http`)) {
      test(exchange.says || `line ${exchange.line}: ${exchange.method} ${exchange.path}`, async () => {
        const found = await spoken.say(exchange, await spoken.prepare(exchange))
        assert.equal(found.length, 0, `${name}.http:${exchange.line}\n${found.join('\n')}`)
      })
    }

    test('no credential of the conversation is in the log', () => {
      const said = [...spoken.captured.values()].map(String).filter((value) => value.length >= 16)
      const log = host.logs.join('')
      assert.ok(log.length > 0)
      const credentials = [...said, ...credentialsOf(host.sections)]
      const leaked = credentials.filter((credential) => log.includes(credential))
      assert.equal(leaked.length, 0, `${leaked.length} credentials are in the log.`)
    })
  })
}
