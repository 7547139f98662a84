import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aPlace } from '../testing/place.ts'
import { anOrganization } from '../testing/records.ts'
import { languages } from '../words/index.ts'
import type { ConsentView } from './consent.ts'
import { consentPage } from './consent.ts'
import type { Html } from './html.ts'
import { noticePage } from './notice.ts'
import { signInPage } from './sign-in.ts'

const subject = (organizationId: string, name?: string): ConsentView['subjects'][number] => ({
  userId: 'user',
  organizationId,
  organization: name === undefined ? undefined : anOrganization({ id: organizationId, name }),
  connection: undefined,
})

const consent = (changes: Partial<ConsentView> = {}): string =>
  consentPage({
    place: aPlace(),
    app: { id: 'app', name: 'Invoices', maker: undefined, logo: undefined },
    redirectHost: 'app.example',
    userName: 'alice',
    scopes: ['read', 'write'],
    allowedBefore: [],
    subject: 'user',
    subjects: [subject('')],
    denied: undefined,
    returnTo: '/authorize?a=1&b=2',
    formToken: 'token',
    error: undefined,
    ...changes,
  }).html

suite('pages: consent', () => {
  test('a scope is shown in the words of the operator with its name beside it, else by its name', () => {
    const scopeWords = (scope: string) => (scope === 'read' ? 'See your deals' : undefined)
    const page = consent({ place: aPlace({ scopeWords }) })
    assert.match(page, /<li>See your deals <code>read<\/code><\/li>\s*<li>write<\/li>/)
  })

  test('what was allowed before is shown apart, and the form asks for the rest alone', () => {
    const page = consent({ allowedBefore: ['read', 'archive'] })
    assert.match(page, /will also be able to:<\/p>\s*<ul[^>]*>\s*<li>write<\/li>\s*<\/ul>/)
    assert.match(page, /already allowed:<\/p>\s*<ul[^>]*>\s*<li>read<\/li>\s*<li>archive<\/li>/)
    assert.match(page, /name="scopes" value="write"/)
  })

  test('where all was allowed before and the app wants the question, all of it is asked', () => {
    const page = consent({ allowedBefore: ['read', 'write', 'archive'] })
    assert.match(page, /name="scopes" value="read write"/)
    assert.match(page, /already allowed:<\/p>\s*<ul[^>]*>\s*<li>archive<\/li>/)
  })

  test('an app is known by its picture and its maker, else by the letter that its name begins with', () => {
    const logo = `${'ab'.repeat(32)}.png`
    const app = { id: 'app', name: 'Invoices', maker: 'Acme Ltd', logo }
    const shown = consent({ app, place: aPlace({ base: '/sso' }) })
    assert.match(shown, new RegExp(`<img class="tile" src="/sso/assets/logos/${logo}" alt=""`))
    assert.match(shown, /by Acme Ltd/)
    assert.match(consent(), /<span class="tile tile-\d" aria-hidden="true">I<\/span>/)
    assert.match(consent({ app: { ...app, logo: undefined, name: '“ölig”' } }), />Ö<\/span>/)
    assert.match(consent({ app: { ...app, logo: undefined, name: '—' } }), />•<\/span>/)
  })

  test('the user reads whose account it is, where it goes on, and that it can be taken back', () => {
    const page = consent()
    assert.match(page, /access to your account at Acme\./)
    assert.match(page, /take this back at any time.* go back to app\.example\./)
    assert.match(page, /<title>Allow Invoices\? – Acme<\/title>/)
    const german = consent({ place: aPlace({ language: 'de' }) })
    assert.match(german, /<html lang="de">/)
    assert.match(german, /auf Ihr Konto bei Acme zugreifen/)
  })
})

suite('pages: whatever anybody is called, it stays text', () => {
  // Each would be something else in a text, in an attribute, in a title, or in a sentence that goes on.
  const hostile = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    '</title></textarea></style><svg/onload=alert(1)>',
    '&lt;script&gt;',
    '{{constructor}}',
  ]
  const tags = (page: string): string => page.replaceAll(/>[^<]*</g, '><').replaceAll(/="[^"]*"/g, '=""')

  const pages: Readonly<Record<string, (name: string, place: ReturnType<typeof aPlace>) => Html>> = {
    consent: (name, place) =>
      consentPage({
        place: { ...place, scopeWords: (scope) => (scope === 'worded' ? name : undefined) },
        app: { id: name, name, maker: name, logo: undefined },
        redirectHost: name,
        userName: name,
        scopes: ['worded', name],
        allowedBefore: ['worded'],
        subject: 'user in an organization',
        subjects: [subject('one', name), subject(name, undefined)],
        denied: undefined,
        returnTo: `/authorize?${name}`,
        formToken: name,
        error: name,
      }),
    'consent of one organization': (name, place) =>
      consentPage({
        place,
        app: { id: 'app', name, maker: name, logo: name },
        redirectHost: name,
        userName: name,
        scopes: [name],
        allowedBefore: [],
        subject: 'organization',
        subjects: [subject(name, name)],
        denied: undefined,
        returnTo: name,
        formToken: name,
        error: undefined,
      }),
    'sign-in': (name, place) =>
      signInPage({
        place,
        appName: name,
        returnTo: name,
        formToken: name,
        username: name,
        error: name,
        password: true,
        provider: name,
        passwordPage: `https://acme.example/${encodeURIComponent(name)}`,
      }),
    notice: (name, place) =>
      noticePage({ place, title: name, text: name, isError: true, link: { path: name, label: name } }),
  }

  for (const [page, render] of Object.entries(pages)) {
    test(`${page} has the same tags and attributes, whatever the names in it`, () => {
      for (const language of languages) {
        const place = aPlace({ language })
        const plain = tags(render('name', place).html)
        for (const name of hostile) {
          const brand = { ...place.brand, name }
          const { html } = render(name, { ...place, brand, host: name })
          // The operator's name is shown beside the host where the two differ.
          const withBrand = tags(
            render('name', { ...place, brand: { ...place.brand, name: 'name' }, host: 'name' }).html,
          )
          assert.equal(tags(html).replaceAll(/tile-\d/g, ''), withBrand.replaceAll(/tile-\d/g, ''), name)
          assert.doesNotMatch(html, /<script|<img src=x|<svg/)
        }
        assert.doesNotMatch(plain, / on[a-z]+=| style=|javascript:/)
      }
    })
  }

  test('a name cannot turn the direction of the sentence that it stands in', () => {
    const app = { id: 'app', name: 'Good\u202e\u2066 evil\u2069', maker: '\u202dA\u202c', logo: undefined }
    assert.doesNotMatch(consent({ app }), /[\u202a-\u202e\u2066-\u2069]/)
  })
})
