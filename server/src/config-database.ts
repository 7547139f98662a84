/** Where the database is: a file of SQLite, or a PostgreSQL that any number of nodes share. */
import { z } from 'zod'
import { reference, wholeNumber } from './setting-types.ts'

const databaseWords =
  'sqlite:PATH, such as sqlite:./tokenferry.db; or postgres://user@host/name, or several hosts: postgres://user@one,two/name'

export const databaseSetting = z
  .string(databaseWords)
  .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, databaseWords)

const partitionsMax = 256

/** What only PostgreSQL has. */
export const postgresSettings = z
  .strictObject({
    password: reference.optional(),
    connections: wholeNumber(1, 1000).default(8),
    pooler: z.boolean().default(false),
    partitions: wholeNumber(1, partitionsMax).default(1),
  })
  .prefault({})
