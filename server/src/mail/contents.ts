/** What each mail says: who writes, what happened, what the app may do, what to do, what follows if not. */
import type { Brand } from '../brand.ts'
import type { Reach } from '../kernel/operations/confirmation.ts'
import type { Milliseconds } from '../kernel/records.ts'
import { formatsFor } from '../words/formats.ts'
import type { Language } from '../words/index.ts'
import { wordsFor } from '../words/index.ts'
import type { Block, Mail } from './mail.ts'
import { shownAddress } from './mail.ts'
import { plainName } from './plain.ts'

/** The operator and the reader, as every mail needs them. */
export type Setting = {
  readonly language: Language
  readonly publicUrl: string
  readonly brand: Pick<Brand, 'name' | 'support'>
  readonly userName: string | undefined
  /** The operator's own provider, where that is how this reader signs in. */
  readonly provider?: string | undefined
  /** Where users choose another password, if there is such a page. */
  readonly passwordPage?: string | undefined
}

/** An app, named as others have named it. */
export type AppNamed = {
  readonly app: string
  readonly maker: string | undefined
  readonly organization: string | undefined
}

export type AppAsked = AppNamed & {
  /** In the operator's words. */
  readonly scopes: readonly string[]
  readonly reach: Reach
}

/** What there is to do for this reader about an app that was moved over. */
export type Standing =
  /** They confirm it. */
  | 'pending'
  | 'confirmed'
  /** The app has not moved their own access over yet: there is nothing to confirm so far. */
  | 'later'
  /** It acts for the organization, of which they are no admin. */
  | 'administrator'

/** Who ended an app's access, and for whom. */
export type Ended = {
  readonly at: Milliseconds
  readonly by: 'reader' | 'admin' | 'app' | 'operator'
  /** For the whole organization; else for this reader alone, as far as the mail knows. */
  readonly isForAll: boolean
  /** Nobody of the organization connects it again before an admin allows it. */
  readonly isBarred: boolean
}

export function installedMail(setting: Setting, about: AppAsked, standing: Standing): Mail {
  const words = wordsFor(setting.language).mails
  const { installed } = words
  const { app, appByMaker, organization } = named(about, setting)
  const isTheirs = standing === 'pending' || standing === 'confirmed'
  const what = installed.text(appByMaker, organization)
  return around(setting, {
    subject: standing === 'pending' ? installed.subjectPending(app) : installed.subject(app),
    preview: isTheirs ? installed.preview : installed.previewOthers,
    heading: installed.subject(app),
    blocks: [
      paragraph(isTheirs ? `${what} ${installed.takeBack}` : what),
      mayDo(about, setting),
      ...todoOf(setting, standing, { reach: about.reach, organization }),
    ],
  })
}

/** What there is to do, what follows if not, and what to do about an app that the reader does not know. */
function todoOf(
  setting: Setting,
  standing: Standing,
  { reach, organization }: { readonly reach: Reach; readonly organization: string | undefined },
): readonly Block[] {
  const words = wordsFor(setting.language).mails
  const { installed } = words
  const apps = buttons(setting, 'apps')
  switch (standing) {
    case 'pending':
      return [paragraph(words.confirm), ...apps, paragraph(words.nothing[reach]), quiet(words.unknownApp)]
    case 'confirmed':
      return [paragraph(installed.confirmed), ...apps, paragraph(words.nothing.all), quiet(words.unknownApp)]
    case 'later':
      // Not among their apps yet, it cannot be uninstalled there.
      return [
        paragraph(installed.later),
        ...apps,
        quiet(installed.unknownLater(organization, supportOf(setting))),
      ]
    case 'administrator':
      return [
        paragraph(installed.administrator(organization)),
        ...apps,
        paragraph(installed.nothingElse[reach]),
        quiet(installed.unknownAppElse),
      ]
  }
}

export function reminderMail(setting: Setting, about: AppAsked, since: Milliseconds): Mail {
  const words = wordsFor(setting.language).mails
  const { app, appByMaker, organization } = named(about, setting)
  return around(setting, {
    subject: words.reminder.subject(app),
    preview: words.reminder.preview,
    heading: words.reminder.heading(app),
    blocks: [
      paragraph(words.reminder.text(appByMaker, organization, formatsFor(setting.language).date(since))),
      mayDo(about, setting),
      paragraph(words.confirm),
      ...buttons(setting, 'apps'),
      paragraph(words.nothing[about.reach]),
      quiet(words.unknownApp),
    ],
  })
}

export function uninstalledMail(setting: Setting, about: AppNamed, ended: Ended): Mail {
  const { uninstalled } = wordsFor(setting.language).mails
  const { app, organization } = named(about, setting)
  const { by, isBarred } = ended
  const again = by === 'operator' ? [] : [isBarred ? uninstalled.barred : uninstalled.again]
  return around(setting, {
    subject: uninstalled.subject(app),
    preview: uninstalled.preview,
    heading: uninstalled.subject(app),
    blocks: [
      paragraph(`${whoEnded(setting, about, ended)} ${uninstalled.access(organization)}`),
      paragraph([uninstalled.nothing, ...again].join(' ')),
      // Nobody else can have been at work in the reader's name.
      ...(by === 'reader' ? [paragraph(uninstalled.unexpected(otherPassword(setting)))] : []),
      ...(by === 'reader' ? buttons(setting, 'sessions', 'apps') : buttons(setting, 'apps')),
    ],
  })
}

function whoEnded(setting: Setting, about: AppNamed, { at, by, isForAll }: Ended): string {
  const { text } = wordsFor(setting.language).mails.uninstalled
  const { app, appByMaker, organization } = named(about, setting)
  const moment = momentOf(setting, at)
  if (by === 'app') return text.app(app, moment)
  if (by === 'operator') return text.operator(app, setting.brand.name, moment)
  if (organization === undefined) return text.reader(appByMaker, moment)
  if (by === 'reader') {
    return isForAll ? text.readerForAll(appByMaker, organization, moment) : text.reader(appByMaker, moment)
  }
  return (isForAll ? text.adminForAll : text.admin)(appByMaker, organization, moment)
}

export function lockedMail(setting: Setting, at: Milliseconds, until: Milliseconds | undefined): Mail {
  const { locked } = wordsFor(setting.language).mails
  const { date, time } = formatsFor(setting.language)
  const { provider } = setting
  const isSameDay = until !== undefined && date(until) === date(at)
  return around(setting, {
    subject: locked.subject,
    preview: locked.preview,
    heading: locked.subject,
    blocks: [
      paragraph(locked.text(momentOf(setting, at))),
      paragraph(
        [
          until === undefined ? locked.over : locked.until(time(until), isSameDay ? undefined : date(until)),
          ...(provider === undefined ? [] : [locked.provider(provider)]),
        ].join(' '),
      ),
      paragraph(locked.nothing),
      paragraph(
        [
          locked.unexpected,
          // Who signs in at the provider has no password here that could be guessed.
          ...(provider === undefined ? [locked.weak(otherPassword(setting))] : []),
        ].join(' '),
      ),
      ...buttons(setting, 'sessions'),
    ],
  })
}

/** For the operator, who wants to see one. */
export function testMail(setting: Setting): Mail {
  const { test } = wordsFor(setting.language).mails
  return around(setting, {
    subject: test.subject,
    preview: test.preview,
    heading: test.subject,
    blocks: [paragraph(test.text), ...buttons(setting, 'apps')],
  })
}

type Content = {
  readonly subject: string
  readonly preview: string
  readonly heading: string
  readonly blocks: readonly Block[]
}

/** What every mail has: a greeting, where its link leads, where to ask, who sent it and why. */
export function around(setting: Setting, { subject, preview, heading, blocks }: Content): Mail {
  const { language, publicUrl, brand, userName } = setting
  const words = wordsFor(language).mails
  const { host } = new URL(publicUrl)
  const name = userName === undefined ? '' : plainName(userName)
  return {
    language,
    subject,
    preview,
    blocks: [
      { block: 'heading', text: heading },
      paragraph(words.greeting(name === '' ? undefined : name)),
      ...blocks,
      ...supportLine(setting),
    ],
    footer: [words.footer(brand.name, host)],
  }
}

/** Names between quotes, so that a name can neither go on as a sentence of ours nor end one. */
export function named({ app, maker, organization }: AppNamed, { language }: Setting) {
  const { quoted, appBy } = wordsFor(language).mails
  const appQuoted = quoted(plainName(app))
  return {
    app: appQuoted,
    appByMaker: maker === undefined ? appQuoted : appBy(appQuoted, quoted(plainName(maker))),
    organization: organization === undefined ? undefined : quoted(plainName(organization)),
  }
}

export const paragraph = (text: string) => ({ block: 'paragraph', text }) as const
const quiet = (text: string) => ({ block: 'quiet', text }) as const

function mayDo({ scopes }: AppAsked, { language }: Setting): Block {
  const words = wordsFor(language).mails
  return scopes.length === 0
    ? paragraph(words.noScopes)
    : { block: 'list', text: words.scopes, items: scopes }
}

/** What the mail leads to is found there, not in the mail. */
function buttons(
  { language, publicUrl }: Setting,
  ...pages: readonly ('apps' | 'sessions')[]
): readonly Block[] {
  const words = wordsFor(language).mails
  return pages.flatMap((page): readonly Block[] => {
    const address = `${publicUrl.replace(/\/+$/, '')}/account/${page}`
    // Who trusts no link in a mail goes there by hand.
    const typed = address.replace(/^https?:\/\//, '')
    return [{ block: 'button', text: words[page], address }, quiet(words.address(typed))]
  })
}

function supportLine({ language, brand }: Setting): readonly Block[] {
  const { support, supportPage } = wordsFor(language).mails
  if (brand.support === undefined) return []
  return [{ ...quiet(isMail(brand.support) ? support : supportPage), address: brand.support }]
}

const isMail = (support: string): boolean => support.startsWith('mailto:')

/** Who helps, in the middle of a sentence; a page's address stands in the line below. */
const supportOf = ({ brand: { name, support } }: Setting): string =>
  support !== undefined && isMail(support) ? shownAddress(support) : name

/** How this reader gets another password. */
function otherPassword(setting: Setting): string {
  const { otherPassword: words } = wordsFor(setting.language).mails
  const { provider, passwordPage } = setting
  if (provider !== undefined) return words.provider(provider)
  return passwordPage === undefined ? words.operator(supportOf(setting)) : words.page(passwordPage)
}

function momentOf({ language }: Setting, at: Milliseconds): string {
  const { date, time } = formatsFor(language)
  return wordsFor(language).mails.moment(date(at), time(at))
}
