import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dialects } from '../dialects/index.ts'
import { policyOf } from '../kernel/policy.ts'
import { hearAccountPath, sayAccountPath } from './account-paths.ts'
import type { Hub } from './page.ts'
import { hubsOf } from './page.ts'
import { findReturn } from './return-to.ts'

const hubs: readonly Hub[] = hubsOf(
  dialects
    .filter(({ name }) => name === 'code')
    .map((dialect) => ({
      dialect,
      prefix: '/code',
      issuer: 'https://auth.example/code',
      origin: 'https://auth.example',
      issuers: new Map(),
      policy: policyOf(dialect.policy, { policy: {} }),
    })),
)

suite('pages: where a sign-in leads back to', () => {
  test('an authorization comes back with its query, whatever is in it', () => {
    const query = 'client_id=a&redirect_uri=https://app.example/\\x//y#z'
    const found = findReturn(hubs, `/code/oauth2/authorize?${query}`)
    assert.deepEqual(found && 'query' in found && [found.to, found.query], ['authorization', query])
  })

  test('every page of the account that is shown comes back, and nothing that only a form is sent to', () => {
    const shown = [
      '/account/apps',
      '/account/apps?q=a%20b&page=2',
      '/account/apps/12',
      '/account/apps/12/uninstall',
      '/account/sessions',
      '/account/organizations/a%2Fb%3F/apps',
      '/account/organizations/acme/apps/app',
      '/account/organizations/acme/apps/app/uninstall',
    ]
    for (const path of shown) assert.equal(findReturn(hubs, path)?.to, 'account', path)
    for (const path of ['/account/apps/12/confirm', '/account/organizations/acme/apps/app/allow']) {
      assert.equal(findReturn(hubs, path), undefined, path)
      assert.ok(hearAccountPath(path))
    }
  })

  test('nothing else is a way back, however it is spelled', () => {
    const nasty = [
      '//evil.example',
      '//evil.example/account/apps',
      '///evil.example/account/apps',
      '/\\evil.example/account/apps',
      '\\\\evil.example/account/apps',
      '/\t/evil.example/account/apps',
      '/\n/evil.example/account/apps',
      'https://evil.example/account/apps',
      'https:evil.example',
      'HTTPS:/\\evil.example',
      'javascript:alert(1)//account/apps',
      'data:text/html,x',
      'https://auth.example@evil.example/account/apps',
      '//auth.example@evil.example/account/apps',
      '@evil.example/account/apps',
      '.evil.example',
      '/@evil.example',
      '/%2F%2Fevil.example/account/apps',
      '/%2fevil.example/account/apps',
      '/%5Cevil.example/account/apps',
      '%2F%2Fevil.example',
      '/account%2Fapps',
      '/account/%61pps',
      '/account/apps%2F12',
      '/account/apps%00',
      '/account/apps\0',
      '/account/apps\t',
      '/account/apps\r\nset-cookie: a=b',
      ' /account/apps',
      '/account/apps ',
      '/account',
      '/account/',
      '/account/apps/',
      '/account/apps/.',
      '/account/apps/..',
      '/account/apps/../../../evil',
      '/account/apps/%2e%2e/%2e%2e/evil',
      '/account/organizations/../apps',
      '/account/organizations/%2e%2E/apps',
      '/account/organizations/%2E/apps',
      '/account/organizations//apps',
      '/account/organizations/a/b/apps',
      '/account/organizations/%2f/apps',
      '/account/organizations/%zz/apps',
      '/account/organizations/%C0%AF/apps',
      '/account/organizations/acme/apps/app/uninstall/more',
      '/account/organizations/acme/apps/app/constructor',
      '/account/apps/12/__proto__',
      '/account/apps/0',
      '/account/apps/-1',
      '/account/apps/1.5',
      '/account/apps/1e3',
      '/account/apps/0x10',
      '/account/apps/012',
      '/account/apps/+1',
      '/account/apps/9007199254740993',
      '/account/apps/99999999999999999999999',
      '/account/apps/NaN',
      '/account/apps.evil.example',
      '/account/appsx',
      '/accounts/apps',
      '/Account/apps',
      '/account;/apps',
      '/account/sessions/x',
      '/account/аpps',
      '/code/oauth2/authorize',
      '/code/oauth2/authorize/?x',
      '/code/oauth2/authorize@evil.example?x',
      '/code/oauth2/authorize/../../evil?x',
      '/CODE/oauth2/authorize?x',
      '/sign-in',
      '/sign-out?x',
      '/',
      '',
    ]
    for (const returnTo of nasty)
      assert.equal(findReturn(hubs, returnTo), undefined, JSON.stringify(returnTo))
    assert.equal(findReturn(hubs, undefined), undefined)
  })

  test('a browser that follows an accepted address stays on this server, at the page that was meant', () => {
    const ids = ['acme', 'a/b', 'a?b=c', 'a#b', '//evil.example', '\\evil', 'a b%2F', '%', ':@', ';x', '...']
    for (const organizationId of ids) {
      const path = sayAccountPath({ page: 'organization app', organizationId, clientId: organizationId })
      const address = new URL(path, 'https://auth.example')
      assert.equal(address.origin, 'https://auth.example')
      assert.equal(address.pathname, path)
      assert.deepEqual(findReturn(hubs, path), {
        to: 'account',
        path: { page: 'organization app', organizationId, clientId: organizationId },
        query: '',
      })
    }
  })
})
