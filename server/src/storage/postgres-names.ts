/** Statements that are prepared by name: once in each session that keeps what was prepared. */
import type pg from 'pg'
import { codeOf } from './postgres-connection.ts'

/** Lists of many lengths would fill a session's memory. */
const namedMax = 500

/** A table has got a column since the statement was prepared: its name is of no use, in any session. */
const planIsStale = '0A000'

export type Names = {
  query(text: string, values: readonly unknown[]): pg.QueryConfig
  /** Runs it, and once more under another name where a migration came in between. */
  run<Result>(
    text: string,
    values: readonly unknown[],
    run: (query: pg.QueryConfig) => Promise<Result>,
  ): Promise<Result>
}

/** `isPooled`: there are no sessions, so nothing is named. */
export function statementNames(isPooled: boolean): Names {
  const names = new Map<string, string>()
  let given = 0

  const query: Names['query'] = (text, values) => {
    let name = names.get(text)
    if (name === undefined && !isPooled && names.size < namedMax) {
      given += 1
      name = `tf${given}`
      names.set(text, name)
    }
    return name === undefined ? { text, values: [...values] } : { name, text, values: [...values] }
  }
  return {
    query,
    async run(text, values, run) {
      try {
        return await run(query(text, values))
      } catch (error) {
        if (codeOf(error) !== planIsStale) throw error
        names.delete(text)
        return await run(query(text, values))
      }
    },
  }
}
