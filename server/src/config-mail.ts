/** `mail`: from whom, and by which way it leaves. Without it, nobody is mailed. */
import { z } from 'zod'
import { parseMailbox } from './mail/mailbox.ts'
import { isLoopback, tlsOf } from './mail/smtp-settings.ts'
import { reference, seconds, wholeNumber } from './setting-types.ts'

const fromWords = 'a mail address, such as Acme <no-reply@acme.example>'
const hostWords = 'the name or address of a mail server, such as smtp.acme.example'
const folderWords = 'a folder, such as ./mail'

const smtpSchema = z
  .strictObject({
    host: z.string(hostWords).regex(/^[^\s/@]+$/, hostWords),
    port: wholeNumber(1, 65_535).optional(),
    tls: z.enum(['implicit', 'starttls', 'none']).optional(),
    ca: z.string('a file of certificates, such as ./ca.pem').optional(),
    username: z.string('a user name').min(1, 'a user name').optional(),
    password: reference.optional(),
  })
  .superRefine((smtp, context) => {
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (smtp.username !== undefined && smtp.password === undefined) {
      wrong('password', 'the password of the user name, as env:NAME or file:PATH')
    }
    if (smtp.password !== undefined && smtp.username === undefined) {
      wrong('username', 'the user name that the password is of')
    }
    // Else the password crosses the network in the clear.
    if (smtp.password !== undefined && tlsOf(smtp) === 'none' && !isLoopback(smtp.host)) {
      wrong('tls', 'starttls or implicit: a password goes to another machine under TLS only')
    }
  })

export const mailSettings = z
  .strictObject({
    from: z.string(fromWords).refine((text) => parseMailbox(text) !== undefined, fromWords),
    smtp: smtpSchema.optional(),
    folder: z.string(folderWords).min(1, folderWords).optional(),
    /** The first pause after a failure; each one after it is longer, up to an hour. */
    retry_first: seconds.prefault('1m'),
    give_up: seconds.prefault('1d'),
  })
  .superRefine(({ smtp, folder }, context) => {
    if ((smtp === undefined) !== (folder === undefined)) return
    const message = 'one of smtp: { host: … } and folder: ./mail, not both'
    context.addIssue({ code: 'custom', path: [], message })
  })
