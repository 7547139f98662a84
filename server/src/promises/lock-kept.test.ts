/** What locks an account stays, whatever is changed meanwhile; what takes time is done for nobody unknown. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { redeemPassword } from '../kernel/operations/redeem-password.ts'
import type { Store } from '../kernel/store.ts'
import { addKeys } from '../keys/key-ring.ts'
import { hashPassword } from '../keys/password.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { sealingOf } from '../keys/sealing.ts'
import { testPassword } from '../testing/account.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import { aCaller, anOrganization, aUser } from '../testing/records.ts'

suite('promises: a lock is kept', () => {
  let here: TestDeployment
  before(async () => {
    here = await testDeployment({ mounts: ['concur'] })
    const { store } = here.deployment
    const passwordHash = await hashPassword(testPassword)
    await store.commit([{ write: 'put_organization', organization: anOrganization({ id: 'company' }) }])
    for (const id of ['ann', 'bea'])
      await store.commit([
        { write: 'put_user', user: aUser({ id, username: id, passwordHash }), organizations: ['company'] },
      ])
  })
  after(() => here.close())

  const ask = (username: string, password: string, more: Readonly<Record<string, string>> = {}) => {
    const { trusted_client_id: client_id, trusted_client_secret: client_secret } = Object(
      here.sections.concur,
    )
    const body = { client_id, client_secret, grant_type: 'password', username, password, ...more }
    return here.request('/concur', { path: '/oauth2/v0/token', body })
  }
  const codeOf = ({ text }: TestAnswer): unknown => JSON.parse(text).code

  async function rotateKeys(): Promise<void> {
    const { store, keyRing } = here.deployment
    const sealing = await sealingOf(store, readRootSecret(`env:${rootSecretName}`))
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    await addKeys(store, sealing, { at: here.clock.now, ahead: 10_000, actor })
    await keyRing.reread()
    here.clock.advance(10_000)
  }

  test('a rotation of the keys lifts none, and begins no count anew', async () => {
    for (let wrong = 0; wrong < 9; wrong += 1) assert.equal(codeOf(await ask('ann', 'wrong')), 5)
    await rotateKeys()
    assert.equal(codeOf(await ask('ann', 'wrong')), 5)
    assert.equal(codeOf(await ask('ann', testPassword)), 14)
    await rotateKeys()
    assert.equal(codeOf(await ask('ann', testPassword)), 14)
    here.clock.advance(15 * 60_000)
    assert.equal((await ask('ann', testPassword)).status, 200)
  })

  test('what the user’s row calls locked is locked, also under a name that is counted anew', async () => {
    for (let wrong = 0; wrong < 10; wrong += 1) await ask('bea', 'wrong')
    const { database } = here.deployment
    // As after a compromised key, when names are counted under another.
    await database.bulk([{ sql: `delete from counters where key like 'sign_in_%'`, values: [] }])
    assert.equal(codeOf(await ask('bea', testPassword)), 14)
  })

  test('many proxies are refused before anybody is looked up, alike for whoever is named', async () => {
    const proxies = Array.from({ length: 51 }, (_, at) => `p${at}`).join(' ')
    for (const name of ['ann', 'nobody'])
      assert.equal(codeOf(await ask(name, 'wrong', { proxies })), 122, name)
    assert.equal(codeOf(await ask('ann', 'wrong', { proxies: 'p1 p2' })), 5)
    assert.equal(codeOf(await ask('ann', testPassword, { proxies: 'p1 p2' })), 122)
    assert.equal((await ask('ann', testPassword, { proxies: 'ann, bea, ann' })).status, 200)
  })

  test('whom the app means to act for is looked up only where the password is right', async () => {
    const { store, world } = here.deployment
    let asked = 0
    const counting: Store = {
      ...store,
      countMembers(...members) {
        asked += 1
        return store.countMembers(...members)
      },
    }
    const look = (verifiedHash: string | undefined) =>
      redeemPassword.look(
        counting,
        {
          caller: aCaller(),
          username: 'ann',
          credential: { failuresName: 'a name', verifiedHash, renewedHash: undefined },
          scopes: undefined,
          proxies: ['bea'],
        },
        world.moment().ring,
      )
    await look(undefined)
    assert.equal(asked, 0)
    assert.equal((await look('the hash')).proxiesKnown, 1)
    assert.equal(asked, 1)
  })
})
