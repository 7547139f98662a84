/** What the mail says that brings a one-time code. */
import type { Milliseconds } from '../kernel/records.ts'
import { formatsFor } from '../words/formats.ts'
import { wordsFor } from '../words/index.ts'
import type { AppNamed, Setting } from './contents.ts'
import { around, named, paragraph } from './contents.ts'
import type { Mail } from './mail.ts'

/** The code stands in the mail alone: subjects and previews are shown where anybody may look. */
export function oneTimeCodeMail(
  setting: Setting,
  about: AppNamed,
  { code, until }: { readonly code: string; readonly until: Milliseconds },
): Mail {
  const { oneTimeCode } = wordsFor(setting.language).mails
  const { app, appByMaker } = named(about, setting)
  return around(setting, {
    subject: oneTimeCode.subject(app),
    preview: oneTimeCode.preview,
    heading: oneTimeCode.subject(app),
    blocks: [
      paragraph(oneTimeCode.text(appByMaker)),
      { block: 'code', text: code },
      paragraph(oneTimeCode.holds(formatsFor(setting.language).time(until))),
      paragraph(oneTimeCode.unexpected),
    ],
  })
}
