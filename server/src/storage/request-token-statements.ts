/** What is asked of request tokens, and the statements of their changes. */
import type { RequestTokenFinders, RequestTokenWrite } from '../kernel/request-token.ts'
import type { Database } from './database.ts'
import type { Statements } from './statement-parts.ts'

export const requestTokenStatements: Statements<RequestTokenWrite['write']> = {}

export const requestTokenFindersOf = (_database: Database): RequestTokenFinders => ({})
