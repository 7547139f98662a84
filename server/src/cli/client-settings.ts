/** A client on the command line: the options that set it, and how it is shown. */
import type { Command } from 'commander'
import type { Logo } from '../kernel/logo.ts'
import type { ClientChange } from '../kernel/operations/change-client.ts'
import type { Client } from '../kernel/records.ts'
import {
  collect,
  parseCountOrNone,
  parseIdentifiers,
  parseMakerOrNone,
  parseOrigins,
  parseRedirectUris,
  parseScopes,
  parseTimeOrNone,
} from './arguments.ts'
import type { Shared } from './command.ts'
import { readLogoOrNone } from './logo-argument.ts'
import { timeOf } from './output.ts'
import { writePolicy } from './policy-arguments.ts'

/** What `add` and `set` read. */
export type Settings = Shared & {
  readonly name?: string
  readonly scope?: readonly string[]
  readonly redirectUri?: readonly string[]
  readonly identifier?: readonly string[]
  readonly origin?: readonly string[]
  readonly mayIntrospect?: boolean
  readonly policy?: readonly string[]
  readonly exchangeFrom?: number | 'none'
  readonly exchangeUntil?: number | 'none'
  readonly exchangesPerDay?: number | 'none'
  readonly maker?: string | 'none'
  readonly logo?: Logo | 'none'
}

/** The options of `add` and `set`. */
export function withSettings(command: Command): Command {
  return command
    .option('--maker <name>', 'who makes it, as its users are told; none: nobody is named', parseMakerOrNone)
    .option(
      '--logo <file>',
      'its picture: PNG, JPEG or WebP, at most 64 KiB; none: no picture',
      readLogoOrNone,
    )
    .option('--scope <scopes...>', 'scopes that it may have; none: no scope', parseScopes)
    .option('--redirect-uri <uris...>', 'where its users are sent back to', parseRedirectUris)
    .option('--identifier <ids...>', 'what the old world called it: consumer keys, app ids', parseIdentifiers)
    .option('--origin <origins...>', 'browser apps that may read token answers', parseOrigins)
    .option(
      '--policy <key=value...>',
      'what it does otherwise than its dialect (key= takes it away)',
      collect,
    )
    .option('--exchange-from <time>', 'no exchange before this moment; none: at any time', parseTimeOrNone)
    .option('--exchange-until <time>', 'no exchange from this moment on; none: at any time', parseTimeOrNone)
    .option('--exchanges-per-day <count>', 'how many exchanges a day; none: any number', parseCountOrNone)
}

/** What of a client these settings change. */
export function changeOf(options: Settings): ClientChange {
  return {
    ...(options.name !== undefined && { name: options.name }),
    ...(options.maker !== undefined && { maker: given(options.maker) }),
    ...(options.scope && { scopes: options.scope }),
    ...(options.redirectUri && { redirectUris: options.redirectUri }),
    ...(options.identifier && { identifiers: options.identifier }),
    ...(options.origin && { origins: options.origin }),
    ...(options.mayIntrospect !== undefined && { mayIntrospect: options.mayIntrospect }),
    ...(options.exchangeFrom !== undefined && { exchangeFrom: given(options.exchangeFrom) }),
    ...(options.exchangeUntil !== undefined && { exchangeUntil: given(options.exchangeUntil) }),
    ...(options.exchangesPerDay !== undefined && { exchangesPerDayMax: given(options.exchangesPerDay) }),
  }
}

/** A value, where it was given and is not `none`. */
export const given = <Value>(value: Value | 'none' | undefined): Value | undefined =>
  value === 'none' ? undefined : value

export type ShownClient = ReturnType<typeof shown>

/** A client without anything of its secrets but their number and ends. */
export function shown(client: Client, now: number) {
  const { secrets, policy, exchangeStatus, exchangeFrom, exchangeUntil, tokensValidAfter, ...rest } = client
  const alive = secrets.filter(({ expires }) => expires === undefined || expires > now)
  const tooEarly = exchangeFrom !== undefined && now < exchangeFrom
  const tooLate = exchangeUntil !== undefined && now >= exchangeUntil
  return {
    ...rest,
    callbackStatus: rest.callback === undefined ? undefined : rest.callbackStatus,
    exchange: exchangeStatus === 'off' ? 'off' : tooEarly ? 'not yet' : tooLate ? 'closed' : 'on',
    exchangeFrom: timeOf(exchangeFrom),
    exchangeUntil: timeOf(exchangeUntil),
    tokensValidAfter: tokensValidAfter === 0 ? undefined : timeOf(tokensValidAfter),
    secrets: alive.map(({ expires }) => (expires === undefined ? 'no end' : `until ${timeOf(expires)}`)),
    policy: writePolicy(policy),
  }
}
