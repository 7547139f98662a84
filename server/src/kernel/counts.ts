/** What is counted by windows of time, on all nodes together. */
import type { Milliseconds } from './records.ts'

export type CountFinders = {
  findCount(key: string, window: Milliseconds): Promise<number>
  /** The largest counts of a window whose keys begin so. */
  listCounts(
    keyStart: string,
    window: Milliseconds,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly count: number }[]>
}
