import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { testDeployment } from '../testing/deployment.ts'

suite('promises: honest workers do not end their own grant', () => {
  test('20 workers that share a token and refresh before every call, for five minutes: the grant is alive', async () => {
    const here = await testDeployment({ mounts: ['concur'] })
    const section = here.sections.concur ?? assert.fail('concur is not mounted')
    const client = { client_id: String(section.client_id), client_secret: String(section.client_secret) }
    const token = (form: Record<string, string>) =>
      here.request('/concur', { method: 'POST', path: '/oauth2/v0/token', body: { ...client, ...form } })
    const application = await token({ grant_type: 'client_credentials' })
    const exchanged = await here.request('/concur', {
      method: 'POST',
      path: `/appmgmt/v0/legacyApps/${section.old_consumer_key}/exchangeRefreshToken/me`,
      headers: {
        authorization: `Bearer ${application.json.access_token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ token: (section.legacy_tokens as string[])[0], secret: client.client_secret }),
    })
    // Where all workers keep the newest token, as each read it before its last call.
    let shared = String(exchanged.json.token)
    const held = Array.from({ length: 20 }, () => shared)
    const said = new Set<string>()
    for (let second = 0; second < 300; second += 1) {
      const calls = held.map(async (own, worker) => {
        // Half of them read the shared token first; the others use what they read a second ago.
        const presented = worker % 2 === 0 ? shared : own
        const answer = await token({ grant_type: 'refresh_token', refresh_token: presented })
        assert.equal(answer.status, 200, `second ${second}, worker ${worker}: ${answer.text}`)
        return String(answer.json.refresh_token)
      })
      const fresh = await Promise.all(calls)
      for (const [worker, one] of fresh.entries()) {
        held[worker] = one
        said.add(one)
      }
      shared = fresh[second % 20] ?? shared
      here.clock.advance(1000)
    }
    assert.ok(said.size >= 4 && said.size <= 6, `one generation a minute, not ${said.size}`)
    await here.close()
  })
})
