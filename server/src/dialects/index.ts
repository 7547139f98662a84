/** The list of dialects: the one place that knows them all. */
import type { Dialect } from './dialect.ts'
import { standard } from './standard.ts'

export const dialects: readonly Dialect[] = [standard]

export const findDialect = (name: string): Dialect | undefined =>
  dialects.find((dialect) => dialect.name === name)
