import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { parseConfig } from './config.ts'
import type { DemoSections } from './demo.ts'
import { seedDemo } from './demo.ts'
import { dialects } from './dialects/index.ts'
import { makeRootSecret } from './keys/root-secret.ts'
import type { Deployment } from './main.ts'
import { composeServer, openDeployment } from './main.ts'

suite('demo samples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-demo-'))
  let deployment: Deployment
  let sections: DemoSections

  before(async () => {
    makeRootSecret(join(folder, 'root-secret'))
    const mounts = dialects.map(({ name }, at) => ({ dialect: name, prefix: at === 0 ? '/' : `/${name}` }))
    const config = parseConfig(
      JSON.stringify({
        public_url: 'http://127.0.0.1:4999',
        database: `sqlite:${join(folder, 'demo.db')}`,
        root_secret: `file:${join(folder, 'root-secret')}`,
        mounts,
        log: 'silent',
      }),
      'demo.test.yaml',
    )
    deployment = await openDeployment(config, { numbers: true })
    sections = await seedDemo(deployment)
  })
  after(async () => {
    await deployment.close()
    rmSync(folder, { recursive: true })
  })

  test('every dialect that is mounted has its section, with its prefix', () => {
    for (const { dialect, prefix } of deployment.mounts) assert.equal(sections[dialect.name]?.prefix, prefix)
  })

  test('each list holds fifty tokens, and no token stands in two lists', () => {
    const lists = Object.values(sections).flatMap((section) => Object.values(section).filter(isTokenList))
    assert.ok(lists.length >= 1)
    for (const list of lists) assert.equal(list.length, 50)
    assert.equal(new Set(lists.flat()).size, lists.flat().length)
  })

  test('addresses of samples move with the base, in the sections and in the clients', async () => {
    const told = JSON.stringify([sections, await deployment.store.listClients()])
    assert.ok(told.includes('http://127.0.0.1:4999/callback'))
    assert.ok(!told.includes('http://127.0.0.1:4000'))
  })

  test('somebody can sign in at each dialect, under a name of their own', async () => {
    for (const { name } of dialects) {
      const user = await deployment.store.findUserByUsername(`alice.${name}`)
      assert.match(user?.passwordHash ?? '', /^\$argon2id\$/)
      assert.equal((await deployment.store.findMemberships(user?.id ?? '')).length, 1)
    }
  })

  test('a sample token is exchanged right after the seeding, though the ring was read a moment before', async () => {
    const section = sections.standard
    assert.ok(section)
    const { prefix, client_id, client_secret, legacy_tokens } = section
    assert.ok(Array.isArray(legacy_tokens))
    const answer = await composeServer(deployment).inject({
      method: 'POST',
      url: `${prefix}/oauth2/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:tokenferry:params:oauth:token-type:legacy',
        subject_token: String(legacy_tokens[0]),
        client_id: String(client_id),
        client_secret: String(client_secret),
      }).toString(),
    })
    assert.equal(answer.statusCode, 200, answer.body)
  })
})

const isTokenList = (value: unknown): value is string[] =>
  Array.isArray(value) && String(value[0]).startsWith('demo_')
