/** Lists come by pages: a deployment may know a million users. */
import type { Command } from 'commander'
import type { Page } from '../kernel/store.ts'
import { parseCount } from './arguments.ts'

export type Paged = { readonly after?: string; readonly limit: number }

export const withPage = (command: Command): Command =>
  command
    .option('--limit <count>', 'how many', parseCount, 100)
    .option('--after <key>', 'go on behind this one, the first column of the last line')

export type Listed<Record> = {
  readonly found: readonly Record[]
  /** The key of the last one, where more stand behind it. */
  readonly moreAfter: string | undefined
}

/** A page of a list, and whether it ends there: what ends without a word seems to be all. */
export async function pageOf<Record>(
  { after, limit }: Paged,
  list: (page: Page) => Promise<readonly Record[]>,
  keyOf: (record: Record) => string | number,
): Promise<Listed<Record>> {
  const all = await list({ after, limit: limit + 1 })
  const found = all.slice(0, limit)
  const last = found.at(-1)
  return { found, moreAfter: all.length > limit && last ? String(keyOf(last)) : undefined }
}
