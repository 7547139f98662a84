/** The part of the contract that is about one-time codes: few at once, each counted, each redeemed once. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ConnectionExpected, Write } from '../kernel/decision.ts'
import type { OneTimeCode } from '../kernel/one-time-code.ts'
import {
  aClient,
  aConnection,
  aDelivery,
  anOrganization,
  aOneTimeCode,
  aUser,
  noon,
} from '../testing/records.ts'
import type { Opened } from './contract.ts'

const minute = 60_000
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const connection = aConnection({ number: 50, organizationId: 'company' })
const none: ConnectionExpected = { clientId: 'app', userId: 'user', organizationId: '', found: undefined }
const live = { ...none, organizationId: 'company', found: { ...connection, scopes: undefined } }
const barOfCompany: Write = {
  write: 'bar_client',
  organizationId: 'company',
  clientId: 'app',
  by: undefined,
  at: noon,
  actor,
}
const liftedCompany: Write = { write: 'unbar_client', organizationId: 'company', clientId: 'app' }
const barOfUser: Write = { write: 'bar_user', userId: 'user', clientId: 'app', at: noon, actor }
const liftedUser: Write = { write: 'unbar_user', userId: 'user', clientId: 'app' }

/** Each way in which somebody takes back what the user has allowed the app. */
const takings: Readonly<Record<string, Write>> = {
  'the connection is revoked': { write: 'revoke_connection', connection },
  'the app ends its connections': { write: 'end_connections', connection, at: noon, actor },
  'the organization bars the app': barOfCompany,
  'the user is barred from it': barOfUser,
}

/** Part of `keepsTheContract`. */
export function keepsOneTimeCodePromises(opened: () => Opened): void {
  /** The outcomes of commits at once, by two processes in turn. */
  const atOnce = (count: number, writes: (at: number) => readonly Write[]) =>
    Promise.all(
      Array.from({ length: count }, (_, at) =>
        (at % 2 === 0 ? opened().store : opened().other).commit(writes(at)),
      ),
    )
  const committed = (outcomes: readonly string[]): number =>
    outcomes.filter((outcome) => outcome === 'committed').length

  const numbered = (id: number, changes: Partial<OneTimeCode> = {}): OneTimeCode =>
    aOneTimeCode({ id: Buffer.alloc(16, id), ...changes })
  const add = (code: OneTimeCode): Write => ({ write: 'add_one_time_code', code, unexpiredMax: 5 })
  const redeem = (code: OneTimeCode, at = noon, connection = none): Write => ({
    write: 'redeem_one_time_code',
    code,
    failuresName: 'name',
    at,
    connection,
  })
  const wrong = (codes: readonly OneTimeCode[], at = noon): Write => ({
    write: 'note_wrong_one_time_code',
    codes,
    failuresName: 'name',
    at,
  })
  const failed = (name = 'name'): Write => ({
    write: 'note_failed_sign_in',
    name,
    userId: 'user',
    at: noon,
    actor: { actor: 'tokenferry', address: undefined, requestId: undefined },
  })
  const guessesOf = async ({ id }: OneTimeCode) => (await opened().other.findOneTimeCode(id))?.guesses

  /** The user, and these codes of theirs. */
  async function given(...codes: readonly OneTimeCode[]): Promise<void> {
    const { store } = opened()
    await store.commit([{ write: 'add_user', user: aUser() }])
    for (const code of codes) assert.equal(await store.commit([add(code)]), 'committed')
  }

  suite('one-time codes', () => {
    test('what was sent is found unchanged, by its id and by whom it is for, the newest first', async () => {
      const { store, other } = opened()
      const [old, young] = [numbered(1), numbered(2, { created: noon + 1, keyVersion: 9 })]
      await given(old, young)
      assert.deepEqual(await other.findOneTimeCode(old.id), old)
      assert.deepEqual(await other.findOneTimeCodes('app', 'user'), [young, old])
      assert.deepEqual(await store.findOneTimeCodes('app', 'other'), [])
      assert.deepEqual(await store.findOneTimeCodes('other', 'user'), [])
      assert.equal(await store.findOneTimeCode(Buffer.alloc(16, 3)), undefined)
    })

    test('its mail goes in with it, or neither does', async () => {
      const { store } = opened()
      await given()
      const mail = (code: OneTimeCode): readonly Write[] => [
        add(code),
        {
          write: 'plan_delivery',
          delivery: aDelivery({
            id: `mail of ${code.id[0]}`,
            channel: 'mail',
            kind: 'one_time_code',
            clientId: undefined,
            event: undefined,
            oneTimeCode: code.id,
          }),
        },
      ]
      const outcomes = await atOnce(8, (at) => mail(numbered(at + 1)))
      assert.equal(committed(outcomes), 5)
      const codes = await store.findOneTimeCodes('app', 'user')
      const mails = await store.listDue('mail', '', noon, 10)
      assert.equal(codes.length, 5)
      const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')
      assert.deepEqual(
        mails.map(({ oneTimeCode }) => hex(oneTimeCode)).sort(),
        codes.map(({ id }) => hex(id)).sort(),
      )
    })

    test('five that have not expired are the most, used up or not; another app and user have their own', async () => {
      const { store } = opened()
      const codes = [1, 2, 3, 4, 5].map((id) => numbered(id))
      await given(...codes)
      await store.commit([{ write: 'add_client', client: aClient({ id: 'other' }), at: noon }])
      const [first] = codes
      assert.ok(first)
      assert.equal(await store.commit([redeem(first)]), 'committed')
      const sixth = numbered(6, { created: noon + 10 * minute - 1 })
      assert.equal(await store.commit([add(sixth)]), 'overtaken')
      assert.equal(await store.commit([add({ ...sixth, clientId: 'other' })]), 'committed')
      assert.equal(await store.commit([add(numbered(7, { userId: 'another' }))]), 'committed')
      assert.equal(await store.commit([add(numbered(8, { created: noon + 10 * minute }))]), 'committed')
    })

    test('none is sent by a client that is disabled, or that is none', async () => {
      const { store } = opened()
      await given()
      const seen = aClient()
      await store.commit([{ write: 'change_client', client: { ...seen, status: 'disabled' }, seen }])
      assert.equal(await store.commit([add(numbered(1))]), 'overtaken')
      assert.equal(await store.commit([add(numbered(1, { clientId: 'nobody' }))]), 'overtaken')
    })

    test('of twenty right guesses at once one wins', async () => {
      const code = numbered(1)
      await given(code)
      assert.equal(committed(await atOnce(20, () => [redeem(code)])), 1)
      assert.equal((await opened().store.findOneTimeCode(code.id))?.status, 'redeemed')
      assert.equal(await opened().store.commit([wrong([code])]), 'overtaken')
    })

    test('of fifty wrong guesses at once each that is answered is counted, and none after the fifth', async () => {
      const { store } = opened()
      const code = numbered(1)
      await given(code)
      let answered = 0
      for (let guesses = 0; guesses < 5; guesses += 1) {
        // All have seen the same number; whoever comes second must look again.
        const outcomes = await atOnce(10, () => [wrong([{ ...code, guesses }]), failed(`n${guesses}`)])
        answered += committed(outcomes)
        assert.equal(await guessesOf(code), guesses + 1)
        assert.equal((await store.findSignInFailures(`n${guesses}`)).count, 1)
      }
      assert.equal(answered, 5)
      assert.equal(await store.commit([redeem(code)]), 'overtaken')
    })

    test('a guess at several counts for each of them, or for none', async () => {
      const { store } = opened()
      const [one, two, three] = [numbered(1), numbered(2), numbered(3)]
      await given(one, two, three)
      assert.equal(await store.commit([wrong([one, two])]), 'committed')
      assert.deepEqual(await Promise.all([one, two, three].map(guessesOf)), [1, 1, 0])
      assert.equal(await store.commit([wrong([{ ...one, guesses: 1 }, two]), failed()]), 'overtaken')
      assert.equal(await store.commit([redeem(three)]), 'committed')
      assert.equal(await store.commit([wrong([{ ...one, guesses: 1 }, three])]), 'overtaken')
      assert.deepEqual(await Promise.all([one, two, three].map(guessesOf)), [1, 1, 0])
      assert.equal((await store.findSignInFailures('name')).count, 0)
    })

    test('a right guess that has not seen the wrong one before it looks again', async () => {
      const { store, other } = opened()
      const code = numbered(1)
      await given(code)
      assert.equal(await other.commit([wrong([code])]), 'committed')
      assert.equal(await store.commit([redeem(code)]), 'overtaken')
      assert.equal(await store.commit([redeem({ ...code, guesses: 1 })]), 'committed')
    })

    test('while the name is locked no guess is answered, right or wrong', async () => {
      const { store } = opened()
      const code = numbered(1)
      await given(code)
      for (let one = 0; one < 10; one += 1) await store.commit([failed()])
      assert.equal(await store.commit([redeem(code)]), 'overtaken')
      assert.equal(await store.commit([wrong([code])]), 'overtaken')
      const unlock = { write: 'unlock_sign_in', userId: 'user', name: 'name', at: noon } as const
      assert.equal(await store.commit([unlock]), 'committed')
      assert.equal(await store.commit([redeem(code)]), 'committed')
    })

    test('none is redeemed that has expired, or whose user or client may not have it any more', async () => {
      const { store } = opened()
      const code = numbered(1)
      await given(code)
      assert.equal(await store.commit([redeem(code, noon + 10 * minute)]), 'overtaken')
      const status = (to: 'enabled' | 'disabled'): Write => ({
        write: 'set_status',
        record: 'users',
        id: 'user',
        status: to,
      })
      await store.commit([status('disabled')])
      assert.equal(await store.commit([redeem(code)]), 'overtaken')
      await store.commit([status('enabled')])
      let seen = aClient()
      for (const changes of [{ status: 'disabled' }, { tokensValidAfter: noon + 1 }] as const) {
        const client = aClient(changes)
        assert.equal(await store.commit([{ write: 'change_client', client, seen }]), 'committed')
        assert.equal(await store.commit([redeem(code)]), 'overtaken')
        seen = client
      }
      await store.commit([{ write: 'change_client', client: aClient(), seen }])
      assert.equal(await store.commit([redeem(code, noon + 10 * minute - 1)]), 'committed')
    })

    /** The user in the company, who has connected the app there; another user outside; another app. */
    async function connected(): Promise<void> {
      const { store } = opened()
      await store.commit([{ write: 'add_client', client: aClient({ id: 'other' }), at: noon }])
      await store.commit([{ write: 'put_organization', organization: anOrganization() }])
      const user = (id: string, organizations: readonly string[]): Write => ({
        write: 'put_user',
        user: aUser({ id, username: id }),
        organizations,
      })
      await store.commit([user('user', ['company'])])
      await store.commit([user('outside', [])])
      await store.commit([{ write: 'allow_connection', connection, seen: undefined }])
    }
    const statusOf = async ({ id }: OneTimeCode) => (await opened().other.findOneTimeCode(id))?.status

    for (const [name, taking] of Object.entries(takings)) {
      test(`once ${name}, none that was mailed before is good, and each counts on; others’ stay`, async () => {
        const { store, other } = opened()
        await connected()
        const [open, used] = [numbered(1), numbered(2)]
        const others = [numbered(3, { clientId: 'other' }), numbered(4, { userId: 'outside' })]
        for (const one of [open, used, ...others]) assert.equal(await store.commit([add(one)]), 'committed')
        assert.equal(await store.commit([redeem(used, noon, live)]), 'committed')
        assert.equal(await store.commit([taking]), 'committed')
        assert.deepEqual(await Promise.all([open, used, ...others].map(statusOf)), [
          'revoked',
          'redeemed',
          'open',
          'open',
        ])
        assert.equal(await other.commit([wrong([open])]), 'overtaken')
        for (const lifted of [liftedCompany, liftedUser]) await store.commit([lifted])
        const seen = await store.findConnection('app', 'user', 'company')
        const found = seen && { ...seen, scopes: undefined }
        assert.equal(await other.commit([redeem(open, noon, { ...live, found })]), 'overtaken')
        for (const id of [5, 6, 7]) assert.equal(await store.commit([add(numbered(id))]), 'committed')
        assert.equal(await store.commit([add(numbered(8))]), 'overtaken', 'five mails, taken back or not')
      })

      test(`a redemption that looked before ${name} loses`, async () => {
        const { store, other } = opened()
        await connected()
        await store.commit([add(numbered(1))])
        const outcomes = await Promise.all([
          store.commit([taking]),
          ...Array.from({ length: 8 }, () => other.commit([redeem(numbered(1), noon, live)])),
        ])
        assert.equal(outcomes[0], 'committed')
        const redeemed = committed(outcomes.slice(1))
        assert.equal(await statusOf(numbered(1)), redeemed === 1 ? 'redeemed' : 'revoked')
        assert.equal(await other.commit([redeem(numbered(1), noon, live)]), 'overtaken')
      })
    }

    test('a company’s own end takes nothing from its people', async () => {
      const { store } = opened()
      await connected()
      await store.commit([add(numbered(1))])
      const own = { ...connection, number: 51, userId: '' }
      for (const end of [
        { write: 'revoke_connection', connection: own },
        { write: 'end_connections', connection: { ...own, epoch: 2 }, at: noon, actor },
      ] as const) {
        const seen = await store.findConnectionByNumber(51)
        const again = { ...own, epoch: end.connection.epoch }
        await store.commit([{ write: 'allow_connection', connection: again, seen }])
        assert.equal(await store.commit([end]), 'committed')
        assert.equal(await statusOf(numbered(1)), 'open')
      }
    })

    test('none that is on its way when the app is barred comes to lie behind the bar', async () => {
      const { store, other } = opened()
      await connected()
      for (const [taking, lifted] of [
        [barOfCompany, liftedCompany],
        [barOfUser, liftedUser],
      ]) {
        assert.equal(taking && (await store.commit([taking])), 'committed')
        assert.equal(await other.commit([add(numbered(1))]), 'overtaken')
        assert.equal(await other.commit([add(numbered(2, { clientId: 'other' }))]), 'committed')
        assert.equal(lifted && (await store.commit([lifted])), 'committed')
        await opened().database.query('delete from one_time_codes returning 1', [])
      }
      assert.equal(await other.commit([add(numbered(1))]), 'committed')
    })

    test('whoever has expired is swept, and nobody else', async () => {
      const { store } = opened()
      const [one, two] = [numbered(1), numbered(2, { expires: noon + 20 * minute })]
      await given(one, two)
      await store.sweep(noon + 10 * minute + 1, 100)
      assert.deepEqual(await store.findOneTimeCodes('app', 'user'), [two])
    })
  })
}
