/** Apps' pictures and the languages of the pages, as a browser gets them. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { perform } from '../kernel/kernel.ts'
import type { Logo } from '../kernel/logo.ts'
import { readLogo } from '../kernel/logo.ts'
import type { ChangeClientInput } from '../kernel/operations/change-client.ts'
import { changeClient } from '../kernel/operations/change-client.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { visitor } from '../testing/visitor.ts'

type Section = Readonly<Record<string, string>>

let host: TestDeployment
let section: Section

before(async () => {
  host = await testDeployment({
    mounts: ['code'],
    config: {
      brand: { name: 'Acme <& Sons>', accent: '#7a1f5c', support: 'help@acme.example' },
      scopes: { read: { en: 'See <your> deals', de: 'Ihre Deals ansehen' } },
    },
  })
  section = host.sections.code as unknown as Section // The members that are read here are texts.
})
after(() => host.close())

const picture = (mark: number): Logo => {
  const logo = readLogo(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, mark]))
  assert.ok(typeof logo !== 'string')
  return logo
}

const change = async (changes: Pick<ChangeClientInput, 'change' | 'logo'>): Promise<void> => {
  const actor = { actor: 'operator', address: undefined, requestId: undefined }
  const input = { clientId: section.client_id ?? '', actor, ...changes }
  assert.ok('granted' in (await perform(changeClient, input, host.deployment.world)))
}

const hub = (): string =>
  `/code/oauth2/authorize?${new URLSearchParams({
    client_id: section.client_id ?? '',
    redirect_uri: section.redirect_uri ?? '',
    response_type: 'code',
    scope: 'read',
    prompt: 'consent',
  })}`

async function consent(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const user = visitor(host.app)
  const { username = '', password = '' } = section
  const signedIn = await user.fill(await user.get(hub()), /sign-in/, { username, password })
  return (await user.get(signedIn.location ?? '', headers)).text
}

suite('pages: pictures of apps', () => {
  test('a picture is served from here alone, for ever, and can do nothing', async () => {
    const logo = picture(1)
    await change({ change: { maker: 'A <b>maker</b>' }, logo })
    const page = await consent()
    assert.match(page, new RegExp(`src="/assets/logos/${logo.name}"`))
    assert.match(page, /by A &lt;b&gt;maker&lt;\/b&gt;/)
    const { statusCode, headers, rawPayload } = await host.app.inject(`/assets/logos/${logo.name}`)
    assert.equal(statusCode, 200)
    assert.deepEqual(rawPayload, logo.bytes)
    assert.equal(headers['content-type'], 'image/png')
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['content-security-policy'], "default-src 'none'; sandbox")
  })

  test('no page may load a picture from elsewhere', async () => {
    const { headers } = await visitor(host.app).get(hub())
    assert.match(String(headers['content-security-policy']), /img-src 'self' data:;/)
  })

  test('a picture that no app shows any more is gone', async () => {
    const [first, second] = [picture(2), picture(3)]
    const statuses = () =>
      Promise.all(
        [first, second].map(async ({ name }) => (await host.app.inject(`/assets/logos/${name}`)).statusCode),
      )
    await change({ change: {}, logo: first })
    assert.deepEqual(await statuses(), [200, 404])
    await change({ change: {}, logo: second })
    assert.deepEqual(await statuses(), [404, 200])
    await change({ change: {}, logo: 'none' })
    assert.deepEqual(await statuses(), [404, 404])
  })

  test('nothing else is found among the pictures', async () => {
    const names = [
      'x',
      '..%2f..%2fetc%2fpasswd',
      `${'0'.repeat(64)}.png`,
      `${'0'.repeat(64)}.svg`,
      '%00',
      '%zz',
    ]
    for (const name of names) {
      const { statusCode, body } = await host.app.inject(`/assets/logos/${name}`)
      assert.ok(statusCode === 404 || statusCode === 400, `${name}: ${statusCode}`)
      assert.doesNotMatch(body, /<|passwd/)
    }
  })
})

suite('pages: in whose name, and in which language', () => {
  test('name, help and colours are the operator’s', async () => {
    const { text } = await visitor(host.app).get(hub())
    assert.match(text, /<title>Sign in – Acme &lt;&amp; Sons&gt;<\/title>/)
    assert.match(text, /<a href="mailto:help@acme\.example">Help<\/a>/)
    const [, path = ''] = /<link rel="stylesheet" href="([^"]+)">/.exec(text) ?? []
    const { body, headers } = await host.app.inject(path)
    assert.match(body, /--accent: #7a1f5c/)
    assert.match(String(headers['cache-control']), /immutable/)
  })

  test('a page speaks the language that the browser likes best, and caches are told', async () => {
    const german = await visitor(host.app).get(hub(), { 'accept-language': 'fr, de-AT;q=0.9, en;q=0.5' })
    assert.match(german.text, /<html lang="de">/)
    assert.match(german.text, /<h1>Anmelden<\/h1>/)
    assert.equal(german.headers['content-language'], 'de')
    assert.match(String(german.headers.vary), /Accept-Language/)
    assert.match(
      await consent({ 'accept-language': 'de' }),
      /<li>Ihre Deals ansehen <code>read<\/code><\/li>/,
    )
    assert.match(await consent(), /<li>See &lt;your&gt; deals <code>read<\/code><\/li>/)
  })

  test('a language that nobody speaks changes nothing, and is said nowhere', async () => {
    const plain = await visitor(host.app).get('/code/oauth2/authorize')
    for (const hostile of [
      '"><script>alert(1)</script>',
      '__proto__',
      'constructor;q=1',
      'x'.repeat(4000),
      ',;q=,*;q=9',
      '../../etc/passwd',
    ]) {
      const { text, headers } = await visitor(host.app).get('/code/oauth2/authorize', {
        'accept-language': hostile,
      })
      assert.equal(text, plain.text, hostile)
      assert.equal(headers['content-language'], 'en')
    }
  })
})
