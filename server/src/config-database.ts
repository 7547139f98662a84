/** Where the database is: a file of SQLite, or a PostgreSQL that any number of nodes share. */
import { z } from 'zod'
import { reference, seconds, wholeNumber } from './setting-types.ts'
import { wrongInAddress } from './storage/postgres-address.ts'

const databaseWords =
  'sqlite:PATH, such as sqlite:./tokenferry.db; or postgres://user@host/name, or several hosts: postgres://user@one,two/name'

export const databaseSetting = z
  .string(databaseWords)
  .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/s, { error: databaseWords, abort: true })
  .superRefine((text, context) => {
    const wrong = text.startsWith('sqlite:') ? undefined : wrongInAddress(text)
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong })
  })

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

const leaseWords = 'a duration from 1s, such as 15s'

/** How long the node that mails, calls apps and sweeps may be silent before another one does. */
export const leaseSetting = seconds.refine((long) => long >= 1, leaseWords).prefault('15s')
