/** The list of dialects: the one place that knows them all. */
import { clover } from './clover.ts'
import { code } from './code.ts'
import { concur } from './concur.ts'
import { dch } from './dch.ts'
import type { Dialect } from './dialect.ts'
import { pipedrive } from './pipedrive.ts'
import { standard } from './standard.ts'

export const dialects: readonly Dialect[] = [dch, concur, pipedrive, code, clover, standard]

/**
 * Where each is mounted when nobody says otherwise: the standard at the root, where discovery looks for it.
 */
export const usualPrefix = (dialect: Dialect): string => (dialect === standard ? '/' : `/${dialect.name}`)

export const findDialect = (name: string): Dialect | undefined =>
  dialects.find((dialect) => dialect.name === name)

/** The company calls an app's callback in its own way, and proves itself there with the app's own secret. */
export const callbackShowsSecret = (dialect: string): boolean =>
  findDialect(dialect)?.uninstalled !== undefined
