/** `tokenferry mail …`: whether mails arrive. */
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { brandOf } from '../brand.ts'
import { readConfig } from '../config.ts'
import { readReference } from '../keys/root-secret.ts'
import { testMail } from '../mail/contents.ts'
import { isMailAddress, parseMailbox } from '../mail/mailbox.ts'
import { composeMessage, messageIdOf } from '../mail/message.ts'
import { openTransport } from '../mail/open-transport.ts'
import { replyToOf } from '../mail/sender.ts'
import { random } from '../random.ts'
import type { Language } from '../words/index.ts'
import { isLanguage, languages } from '../words/index.ts'
import type { Shared } from './command.ts'
import { CommandError, group, subcommand } from './command.ts'
import { sayRecord } from './output.ts'

export function addMailCommands(program: Command): void {
  const mail = group(program, 'mail', 'the mails to users')
  subcommand(
    mail,
    'test',
    'send one mail, and say what the mail server answered',
    'tokenferry mail test --to you@example.com',
  )
    .requiredOption('--to <address>', 'to whom', parseAddress)
    .option('--language <tag>', `one of ${languages.join(', ')}`, parseLanguage)
    .action(sendTest)
}

type Options = Shared & { readonly to: string; readonly language?: Language }

async function sendTest({ to, language, ...options }: Options): Promise<void> {
  const config = readConfig(options.config)
  const from = config.mail && parseMailbox(config.mail.from)
  if (!config.mail || !from) {
    throw new CommandError(
      `No mail is configured. Set mail: { from: …, smtp: { host: … } } in ${options.config}`,
    )
  }
  const brand = brandOf(config)
  const setting = {
    language: language ?? config.language,
    publicUrl: config.public_url,
    brand,
    userName: undefined,
  }
  const message = await composeMessage(testMail(setting), brand, {
    // Each test is a mail of its own, or a mail program would hide the second.
    messageId: messageIdOf(config.public_url, `test ${Buffer.from(random(16)).toString('hex')}`),
    from,
    to: { name: '', address: to },
    replyTo: replyToOf(brand),
    at: Date.now(),
  })
  const transport = openTransport(config.mail, (reference) => readReference(reference).trim())
  const sent = await transport.send(message).finally(() => transport.close())
  if (sent.outcome !== 'sent')
    throw new CommandError(`${sent.problem.replace(/[.]$/, '')}. Nothing was sent.`)
  sayRecord({ to, messageId: message.messageId, answer: sent.answer }, options)
}

function parseAddress(text: string): string {
  if (!isMailAddress(text)) throw new InvalidArgumentError('An address is written you@example.com.')
  return text
}

function parseLanguage(text: string): Language {
  if (!isLanguage(text)) throw new InvalidArgumentError(`There are ${languages.join(', ')}.`)
  return text
}
