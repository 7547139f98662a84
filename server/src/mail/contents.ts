/** What each mail says: who writes, what happened, what the app may do, what to do, what follows if not. */
import type { Brand } from '../brand.ts'
import type { Milliseconds } from '../kernel/records.ts'
import { formatsFor } from '../words/formats.ts'
import type { Language } from '../words/index.ts'
import { wordsFor } from '../words/index.ts'
import type { Block, Mail } from './mail.ts'
import { plainName } from './plain.ts'

/** The operator and the reader, as every mail needs them. */
export type Setting = {
  readonly language: Language
  readonly publicUrl: string
  readonly brand: Pick<Brand, 'name' | 'support'>
  readonly userName: string | undefined
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
  readonly confirmation: 'notify' | 'required'
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

export function installedMail(setting: Setting, about: AppAsked, standing: Standing): Mail {
  const words = wordsFor(setting.language).mails
  const { installed } = words
  const { app, appByMaker, organization } = named(about, setting)
  const todo = {
    pending: words.confirm,
    confirmed: installed.confirmed,
    later: installed.later,
    administrator: installed.administrator(organization),
  }[standing]
  const waits = about.confirmation === 'required' && standing !== 'confirmed'
  return around(setting, {
    subject: standing === 'pending' ? installed.subjectPending(app) : installed.subject(app),
    preview: installed.preview,
    heading: installed.subject(app),
    blocks: [
      paragraph(installed.text(appByMaker, organization)),
      mayDo(about, setting),
      paragraph(todo),
      ...button(setting),
      paragraph(
        standing === 'pending'
          ? words.nothing[about.confirmation]
          : waits
            ? installed.nothingRequired
            : words.nothing.notify,
      ),
      quiet(standing === 'administrator' ? installed.unknownAppElse : words.unknownApp),
    ],
  })
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
      ...button(setting),
      paragraph(words.nothing[about.confirmation]),
      quiet(words.unknownApp),
    ],
  })
}

export function uninstalledMail(setting: Setting, about: AppNamed, at: Milliseconds): Mail {
  const { uninstalled } = wordsFor(setting.language).mails
  const { app, appByMaker, organization } = named(about, setting)
  return around(setting, {
    subject: uninstalled.subject(app),
    preview: uninstalled.preview,
    heading: uninstalled.subject(app),
    blocks: [
      paragraph(uninstalled.text(appByMaker, organization, formatsFor(setting.language).moment(at))),
      paragraph(uninstalled.nothing),
      ...button(setting),
      quiet(uninstalled.unexpected),
    ],
  })
}

export function lockedMail(setting: Setting, at: Milliseconds, until: Milliseconds | undefined): Mail {
  const { locked } = wordsFor(setting.language).mails
  const { moment } = formatsFor(setting.language)
  return around(setting, {
    subject: locked.subject,
    preview: locked.preview,
    heading: locked.subject,
    blocks: [
      paragraph(locked.text(moment(at))),
      paragraph(until === undefined ? locked.untilLater : locked.until(moment(until))),
      paragraph(locked.nothing),
      ...button(setting),
      quiet(locked.unexpected),
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
    blocks: [paragraph(test.text), ...button(setting)],
  })
}

type Content = {
  readonly subject: string
  readonly preview: string
  readonly heading: string
  readonly blocks: readonly Block[]
}

/** What every mail has: a greeting, where its link leads, where to ask, who sent it and why. */
function around(setting: Setting, { subject, preview, heading, blocks }: Content): Mail {
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
      ...(brand.support === undefined ? [] : [{ ...quiet(words.support), address: brand.support }]),
    ],
    footer: [words.footer(brand.name, host)],
  }
}

/** Names between quotes, so that a name can neither go on as a sentence of ours nor end one. */
function named({ app, maker, organization }: AppNamed, { language }: Setting) {
  const { quoted, appBy } = wordsFor(language).mails
  const appQuoted = quoted(plainName(app))
  return {
    app: appQuoted,
    appByMaker: maker === undefined ? appQuoted : appBy(appQuoted, quoted(plainName(maker))),
    organization: organization === undefined ? undefined : quoted(plainName(organization)),
  }
}

const paragraph = (text: string) => ({ block: 'paragraph', text }) as const
const quiet = (text: string) => ({ block: 'quiet', text }) as const

function mayDo({ scopes }: AppAsked, { language }: Setting): Block {
  const words = wordsFor(language).mails
  return scopes.length === 0
    ? paragraph(words.noScopes)
    : { block: 'list', text: words.scopes, items: scopes }
}

/** The one link of every mail, and the same in each: what it leads to is found there, not in the mail. */
const button = ({ language, publicUrl }: Setting): readonly Block[] => {
  const words = wordsFor(language).mails
  const address = `${publicUrl.replace(/\/+$/, '')}/account/apps`
  return [{ block: 'button', text: words.apps, address }, quiet(words.host(new URL(publicUrl).host))]
}
