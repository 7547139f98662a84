/** What is asked of one-time codes, and the statements of their changes. */
import type { OneTimeCodeFinders, OneTimeCodeWrite } from '../kernel/one-time-code.ts'
import type { Database } from './database.ts'
import type { Statements } from './statement-parts.ts'

export const oneTimeCodeStatements: Statements<OneTimeCodeWrite['write']> = {}

export const oneTimeCodeFindersOf = (_database: Database): OneTimeCodeFinders => ({})
