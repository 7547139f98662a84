/** What is asked of admissions, and the statements of their changes. */
import type { AdmissionFinders, AdmissionWrite } from '../kernel/admissions.ts'
import type { Database } from './database.ts'
import type { Statements } from './statement-parts.ts'

export const admissionStatements: Statements<AdmissionWrite['write']> = {}

export const admissionFindersOf = (_database: Database): AdmissionFinders => ({})
