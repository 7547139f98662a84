/**
 * The configuration: one YAML file, read and validated once. A mistake names the line, the value and what is
 * accepted.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Document } from 'yaml'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { brandSettings } from './config-brand.ts'
import { callbackSettings } from './config-callbacks.ts'
import { databaseSetting, leaseSetting, postgresSettings } from './config-database.ts'
import { languageSetting, scopeSettings } from './config-language.ts'
import { mailSettings } from './config-mail.ts'
import { checkRegions, regionSetting, regionSettings } from './config-regions.ts'
import { signInSettings } from './config-sign-in.ts'
import { unknownName, wanted } from './config-words.ts'
import { dialects } from './dialects/index.ts'
import { policyFields } from './policy-fields.ts'
import { addressRange, reference, referenceWords, wholeNumber } from './setting-types.ts'

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const prefixWords = '/ or a path such as /name'
const mountsWords = 'at least one mount, such as - { dialect: standard, prefix: / }'

const mount = z.strictObject({
  dialect: z.enum(dialects.map(({ name }) => name)),
  prefix: z.string(prefixWords).regex(/^(\/|(\/[a-z0-9-]+)+)$/, prefixWords),
  policy: z.strictObject(policyFields).partial().default({}),
})

/** Every setting, with what it accepts. */
export const configSchema = z
  .strictObject({
    public_url: z.url({ protocol: /^https?$/, error: 'an address such as https://auth.example.com' }),
    region: regionSetting,
    regions: regionSettings,
    listen: z
      .strictObject({ host: z.string().default('127.0.0.1'), port: wholeNumber(0, 65_535).default(4000) })
      .prefault({}),
    database: databaseSetting,
    postgres: postgresSettings,
    root_secret: reference,
    mounts: z.array(mount, mountsWords).min(1, mountsWords),
    legacy: z.strictObject({ hmac_key: reference.optional() }).default({}),
    trusted_proxies: z.array(addressRange).default([]),
    limits: z
      .strictObject({
        body_bytes: wholeNumber(1024).default(65_536),
        failures_per_minute: wholeNumber(1).default(600),
        sign_in_failures_per_minute: wholeNumber(1).default(20),
      })
      .prefault({}),
    brand: brandSettings,
    language: languageSetting,
    scopes: scopeSettings,
    sign_in: signInSettings,
    mail: mailSettings.optional(),
    callbacks: callbackSettings,
    lease: leaseSetting,
    log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .superRefine(checkRegions)

export type Config = z.infer<typeof configSchema>

export function readConfig(path: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new ConfigError(
      `${resolve(path)} cannot be read. Name the file with --config, or in TOKENFERRY_CONFIG.`,
    )
  }
  return parseConfig(text, path)
}

export function parseConfig(text: string, path: string): Config {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [broken] = document.errors
  if (broken)
    throw new ConfigError(`${path}:${lines.linePos(broken.pos[0]).line}: ${broken.message.split('\n')[0]}`)
  const parsed = configSchema.safeParse(valuesIn(document, path) ?? {})
  if (!parsed.success) {
    const told = parsed.error.issues.map((issue) => tell(issue, document, lines, path))
    throw new ConfigError(told.join('\n'))
  }
  for (const setting of ['prefix', 'dialect'] as const) {
    const values = parsed.data.mounts.map((one) => one[setting])
    const again = values.findIndex((value, at) => values.indexOf(value) !== at)
    if (again < 0) continue
    const lineAt = (at: number): number => lineOf(document, lines, ['mounts', at, setting])
    const first = lineAt(values.indexOf(values[again] ?? ''))
    // A client speaks one dialect, and finds its policy by that name.
    throw new ConfigError(
      `${path}:${lineAt(again)}: the ${setting} ${values[again]} is mounted twice; first in line ${first}.`,
    )
  }
  checkListen(parsed.data, path)
  return parsed.data
}

/** A few lines of aliases of aliases can stand for more than there is memory. */
const aliasesMax = 100

function valuesIn(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesMax })
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    throw new ConfigError(`${path}: an alias (*name) names nothing, or stands for too much: write it out.`)
  }
}

/** Without TLS or a proxy that has it, tokens would cross the network in the clear. */
function checkListen({ listen, trusted_proxies }: Config, path: string): void {
  const loopback = ['127.0.0.1', '::1', 'localhost'].includes(listen.host)
  if (loopback || trusted_proxies.length > 0) return
  throw new ConfigError(
    `${path}: listen.host is ${listen.host}, but no TLS proxy is listed in trusted_proxies. ` +
      'Listen on 127.0.0.1, or list the addresses of the proxy that ends TLS.',
  )
}

function tell(issue: z.core.$ZodIssue, document: Document, lines: LineCounter, path: string): string {
  const where = issue.path.filter((step) => typeof step !== 'symbol')
  const at = (key: readonly (string | number)[]): string => `${path}:${lineOf(document, lines, key)}`
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys.map((name) => ({ name, key: [...where, name] }))
    return unknown
      .map(({ name, key }) => `${at(key)}: ${key.join('.')}: ${unknownName(name, where, configSchema)}`)
      .join('\n')
  }
  const value = document.getIn(where)
  const isMissing = where.length > 0 && (value === undefined || value === null)
  // Of an address that is not understood, any part may be the password.
  const isSecret = issue.message === referenceWords || where[0] === 'database'
  const isHidden = typeof value === 'object' || value === undefined || isSecret
  const shown = isHidden ? '' : ` is ${JSON.stringify(value)}`
  if (isMissing) return `${at(where)}: ${where.join('.')} is missing; expected: ${wanted(issue)}`
  return `${at(where)}: ${where.join('.') || 'the file'}${shown}; expected: ${wanted(issue)}`
}

/** The line of the setting, or of the nearest one around it that is there. */
function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true)
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      return lines.linePos(Number(node.range[0])).line
    }
  }
  return 1
}
