/** Lists come by pages: a deployment may know a million users. */
import type { Command } from 'commander'
import { parseCount } from './arguments.ts'

export type Paged = { readonly after?: string; readonly limit: number }

export const withPage = (command: Command): Command =>
  command
    .option('--limit <count>', 'how many', parseCount, 100)
    .option('--after <key>', 'go on behind this one, the first column of the last line')
