/** `tokenferry user set …`: what is known of a user, changed. */
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { perform } from '../kernel/kernel.ts'
import { isLanguageTag } from '../kernel/language-tag.ts'
import { changeUser } from '../kernel/operations/change-user.ts'
import { parseId, parseName } from './arguments.ts'
import type { Shared } from './command.ts'
import { granted, operator, subcommand, withDeployment } from './command.ts'
import { sayRecord } from './output.ts'
import { checkRegion, regionIn } from './region-argument.ts'
import { shownUser, userUnknown } from './user-shown.ts'

type Options = Shared & {
  readonly region?: string | false
  readonly email?: string
  readonly name?: string
  readonly language?: string
}

export function addUserSet(user: Command): void {
  subcommand(
    user,
    'set <id>',
    'change what is known of a user',
    'tokenferry user set alice --region eu',
    'tokenferry user set alice --email alice@acme.example --language de',
  )
    .option('--region <region>', 'where they live, by its name in the configuration', parseName)
    .option('--no-region', 'they live where their organization does')
    .option('--email <address>', 'their e-mail address; none: there is none', parseId)
    .option('--name <name>', 'their name; none: there is none', parseName)
    .option('--language <tag>', 'what they are written to in; none: nobody knows', parseLanguageOrNone)
    .action((userId: string, options: Options) =>
      withDeployment(options, async ({ world, config }) => {
        const { region } = regionIn(options)
        checkRegion(region, config)
        const change = {
          ...regionIn(options),
          ...given('email', options.email),
          ...given('name', options.name),
          ...given('language', options.language),
        }
        const changed = granted(await perform(changeUser, { userId, change, actor: operator() }, world), {
          record_unknown: userUnknown,
          nothing_to_change: 'The user is so already.',
        })
        sayRecord(shownUser(changed), options)
      }),
    )
}

/** What an option says of a field: nothing, or that it is taken away, or a value. */
const given = <Field extends string>(field: Field, value: string | undefined) =>
  // One name, one value: the compiler widens a computed name to any.
  (value === undefined ? {} : { [field]: value === 'none' ? undefined : value }) as {
    readonly [F in Field]?: string | undefined
  }

function parseLanguageOrNone(text: string): string {
  if (text === 'none' || isLanguageTag(text)) return text
  throw new InvalidArgumentError('A language is a tag such as en or de-AT.')
}
