/** A file of legacy tokens as an operator would export it: CSV, in no order that helps anybody. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { clientId, legacyTokenOf, userOf } from './rows.ts'

export const fileColumns = 'token,client,user,organization,scopes,created'

/** One user in ten is of an organization, where there are to be any. */
export function writeTokensFile(path: string, from: number, to: number, organizations: boolean): void {
  const file = openSync(path, 'w')
  writeSync(file, `${fileColumns}\n`)
  for (let at = from; at < to; at += 1000) {
    let text = ''
    for (let row = at; row < Math.min(at + 1000, to); row += 1) {
      const organization = organizations && row % 10 === 0 ? `organization-${row % 50_000}` : ''
      const created = new Date(1_500_000_000_000 + row * 61_000).toISOString()
      text += `${legacyTokenOf(row)},${clientId},${userOf(row)},${organization},read write,${created}\n`
    }
    writeSync(file, text)
  }
  closeSync(file)
}
