/** Sends one mail of the outbox: says how things are now, and leaves it where it comes too late. */
import type { Brand } from '../brand.ts'
import type { ScopeSettings } from '../config-language.ts'
import { scopeWordsOf } from '../config-language.ts'
import type { World } from '../kernel/kernel.ts'
import { isOpen, sayOneTimeCode } from '../kernel/one-time-code.ts'
import type { Reach } from '../kernel/operations/confirmation.ts'
import { reachWhileWaiting } from '../kernel/operations/confirmation.ts'
import type { Policy } from '../kernel/policy.ts'
import type { Client, Connection, Delivery, User } from '../kernel/records.ts'
import { findVersion } from '../kernel/ring.ts'
import type { Store } from '../kernel/store.ts'
import type { Outcome, Sender } from '../outbox/sender.ts'
import type { Language } from '../words/index.ts'
import { chooseLanguage } from '../words/index.ts'
import type { AppAsked, AppNamed, Ended, Setting, Standing } from './contents.ts'
import { installedMail, lockedMail, reminderMail, uninstalledMail } from './contents.ts'
import type { Mail } from './mail.ts'
import type { Mailbox } from './mailbox.ts'
import { isMailAddress } from './mailbox.ts'
import { composeMessage, messageIdOf } from './message.ts'
import { oneTimeCodeMail } from './one-time-code-mail.ts'
import { plainName } from './plain.ts'
import type { MailTransport } from './transport.ts'

export type MailSenderOptions = {
  readonly store: Pick<
    Store,
    | 'findUser'
    | 'findClient'
    | 'findOrganization'
    | 'findConnection'
    | 'findConnectionByNumber'
    | 'findMemberships'
    | 'findEvent'
    | 'findOneTimeCode'
    | 'isBarred'
    | 'listBarred'
  >
  /** A one-time code is computed when it goes, and not when it comes too late. */
  readonly moment: World['moment']
  readonly transport: MailTransport
  readonly publicUrl: string
  readonly from: Mailbox
  readonly brand: Brand
  /** Where the user names no language that there is. */
  readonly language: Language
  /** The operator's words for what an app may do. */
  readonly scopes: ScopeSettings
  readonly policyOf: (
    client: Pick<Client, 'dialect' | 'policy'>,
  ) => Pick<Policy, 'confirmation' | 'legacyAfterExchange'>
  /** The operator's own provider, as users know it, and whether nobody signs in otherwise. */
  readonly provider?: { readonly name: string; readonly isOnlyWay: boolean } | undefined
  /** Where users choose another password, if there is such a page. */
  readonly passwordPage?: string | undefined
  readonly logger: { warn(fields: object): void }
}

/** What a mail is about: all that was found of it. */
type About = { readonly setting: Setting; readonly user: User }

export function mailSender(options: MailSenderOptions): Sender {
  return async (delivery) => {
    const { userId, kind } = delivery
    const user = userId === undefined ? undefined : await options.store.findUser(userId)
    if (!user) return dropped('the user is gone')
    if (user.status === 'disabled') return dropped('the user is disabled')
    if (user.email === undefined || user.email === '') return dropped('the user has no mail address')
    if (!isMailAddress(user.email)) return dropped('the mail address of the user cannot be used')
    const mail = await mailOf(delivery, { user, setting: settingOf(options, user) }, options)
    if ('outcome' in mail) return mail
    const message = await composeMessage(mail, options.brand, {
      messageId: messageIdOf(options.publicUrl, delivery.id),
      from: options.from,
      to: { name: plainName(user.name ?? ''), address: user.email },
      replyTo: replyToOf(options.brand),
      at: delivery.at,
    })
    const { isOperatorTrouble, answer, ...outcome } = await options.transport.send(message)
    if (isOperatorTrouble && outcome.outcome === 'failed') {
      options.logger.warn({ reason: 'mail_unsendable', kind, problem: outcome.problem })
    }
    return outcome
  }
}

const dropped = (problem: string): Outcome => ({ outcome: 'dropped', problem })

const settingOf = (
  { language, publicUrl, brand, provider, passwordPage }: MailSenderOptions,
  user: User,
): Setting => ({
  language: chooseLanguage(user.language, language),
  publicUrl,
  brand,
  userName: user.name,
  // Who has no password here can have signed in on no other way, either.
  provider: provider?.isOnlyWay || user.passwordHash === undefined ? provider?.name : undefined,
  passwordPage,
})

/** Answers go where help is, where that takes mail. */
export function replyToOf({ support }: Pick<Brand, 'support'>): string | undefined {
  const address = support?.replace(/^mailto:/, '')
  return address !== undefined && isMailAddress(address) ? address : undefined
}

/** The mail, or why there is none any more. */
async function mailOf(delivery: Delivery, about: About, options: MailSenderOptions): Promise<Mail | Outcome> {
  switch (delivery.kind) {
    case 'app_installed':
      return installed(delivery, about, options)
    case 'confirmation_reminder':
      return reminder(delivery, about, options)
    case 'app_uninstalled': {
      const app = await findApp(delivery, options)
      if (!app) return dropped('the app is gone')
      return uninstalledMail(about.setting, app.named, await endedOf(delivery, about.user, options))
    }
    case 'sign_in_locked': {
      const { lockedUntil } = about.user
      const isLocked = lockedUntil !== undefined && lockedUntil > delivery.at
      return lockedMail(about.setting, delivery.at, isLocked ? lockedUntil : undefined)
    }
    case 'one_time_code':
      return oneTimeCode(delivery, about, options)
    default:
      return dropped('it is no mail')
  }
}

async function installed(
  delivery: Delivery,
  about: About,
  options: MailSenderOptions,
): Promise<Mail | Outcome> {
  const app = await findApp(delivery, options)
  if (!app) return dropped('the app is gone')
  const { client, organizationId } = app
  const policy = options.policyOf(client)
  if (policy.confirmation === 'none') return dropped('the policy wants no confirmation any more')
  if (organizationId !== '' && (await options.store.isBarred(organizationId, client.id))) {
    return dropped('the app was uninstalled for the whole organization meanwhile')
  }
  const own = await options.store.findConnection(client.id, about.user.id, organizationId)
  const whole =
    own || organizationId === ''
      ? undefined
      : await options.store.findConnection(client.id, '', organizationId)
  const connection = own ?? whole
  if (connection?.status === 'revoked') return dropped('the app was uninstalled meanwhile')
  const isAdmin = whole !== undefined && (await isAdminOf(about.user.id, organizationId, options))
  const asked = askedOf(app, connection, reachWhileWaiting(policy), about, options)
  return installedMail(about.setting, asked, standingOf(connection, whole !== undefined && !isAdmin))
}

function standingOf(connection: Connection | undefined, isForOthers: boolean): Standing {
  if (!connection) return 'later'
  if (connection.confirmation !== 'pending') return 'confirmed'
  return isForOthers ? 'administrator' : 'pending'
}

async function reminder(
  delivery: Delivery,
  about: About,
  options: MailSenderOptions,
): Promise<Mail | Outcome> {
  const { connection: number, epoch } = delivery
  const connection = number === undefined ? undefined : await options.store.findConnectionByNumber(number)
  if (!connection || connection.status === 'revoked' || connection.epoch !== epoch) {
    return dropped('the app was uninstalled meanwhile')
  }
  if (connection.confirmation !== 'pending') return dropped('the app was confirmed meanwhile')
  if (connection.liveGrants.length === 0) return dropped('the app has given up its access meanwhile')
  const app = await findApp(delivery, options)
  if (!app) return dropped('the app is gone')
  const policy = options.policyOf(app.client)
  if (policy.confirmation === 'none') return dropped('the policy wants no confirmation any more')
  const asked = askedOf(app, connection, reachWhileWaiting(policy), about, options)
  return reminderMail(about.setting, asked, connection.since)
}

/** In a code's place there is only what it is computed from. What it is, is known to nobody before. */
async function oneTimeCode(
  { oneTimeCode: id }: Delivery,
  { setting, user: { email = '' } }: About,
  options: MailSenderOptions,
): Promise<Mail | Outcome> {
  const code = id && (await options.store.findOneTimeCode(id))
  const { now, ring } = options.moment()
  if (!code || !isOpen(code, now)) return dropped('the one-time code has expired, was used or taken back')
  const { keyVersion, expires, clientId } = code
  if (ring.destroyed.has(keyVersion) || ring.compromised.has(keyVersion))
    return dropped('the key of the one-time code is gone')
  const version = findVersion(ring, keyVersion)
  if (!version) return { outcome: 'failed', problem: 'The key of the one-time code is not known here yet.' }
  const app = await findApp({ clientId }, options)
  if (!app) return dropped('the app is gone')
  const digits = sayOneTimeCode(version, code.id, email)
  return oneTimeCodeMail(setting, app.named, { code: digits, until: expires })
}

/** Who did it, as the event says; without one, the reader is told what to do if it was not them. */
async function endedOf(
  { event: id, at, clientId = '', organizationId = '' }: Delivery,
  user: User,
  { store }: MailSenderOptions,
): Promise<Ended> {
  const event = id === undefined ? undefined : await store.findEvent(id)
  const isOfOrganization = organizationId !== ''
  const barred = isOfOrganization ? await store.listBarred(organizationId) : []
  const bar = barred.find((one) => one.clientId === clientId)
  return {
    at,
    by: event ? whoOf(event.actor, clientId, user) : 'reader',
    // A bar of the same moment ended this connection with all others.
    isForAll: isOfOrganization && ((event && event.userId === undefined) || bar?.at === at),
    isBarred: bar !== undefined,
  }
}

function whoOf(actor: string, clientId: string, user: User): Ended['by'] {
  if (actor === `user:${user.id}`) return 'reader'
  if (actor.startsWith('user:')) return 'admin'
  return actor === `client:${clientId}` ? 'app' : 'operator'
}

type App = { readonly client: Client; readonly named: AppNamed; readonly organizationId: string }

async function findApp(
  { clientId, organizationId = '' }: Partial<Pick<Delivery, 'clientId' | 'organizationId'>>,
  { store }: MailSenderOptions,
): Promise<App | undefined> {
  const client = clientId === undefined ? undefined : await store.findClient(clientId)
  if (!client) return undefined
  const organization = organizationId === '' ? undefined : await store.findOrganization(organizationId)
  const named = {
    app: client.name,
    maker: client.maker,
    organization: organization && (organization.name || organization.id),
  }
  return { client, named, organizationId }
}

/** Before the reader's own access is moved over, what the app may do at most. */
function askedOf(
  { client, named }: App,
  connection: Connection | undefined,
  reach: Reach,
  { setting }: About,
  options: MailSenderOptions,
): AppAsked {
  const words = scopeWordsOf(options.scopes, setting.language, options.language)
  const scopes = connection?.scopes ?? client.scopes
  return { ...named, reach, scopes: scopes.map((scope) => words(scope, scopes) ?? scope) }
}

const isAdminOf = async (
  userId: string,
  organizationId: string,
  { store }: MailSenderOptions,
): Promise<boolean> =>
  (await store.findMemberships(userId)).some(
    ({ organization, role }) => organization.id === organizationId && role === 'admin',
  )
