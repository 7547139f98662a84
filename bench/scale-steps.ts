/** What the bench of growth does with a database that is filled, without a server. */
import type { Config } from '../server/src/config.ts'
import { openDeployment } from '../server/src/main.ts'
import { administer } from '../server/src/testing/postgres.ts'
import { addClient, versionOf } from './client.ts'
import { importedOf } from './dataset.ts'
import { byLookup } from './rows.ts'

/** A new database with the bench's app. */
export async function openNew(config: Config): Promise<void> {
  const deployment = await openDeployment(config)
  await addClient(deployment, Date.now())
  await deployment.close()
}

const rowsMore = 200_000
const rowsTogether = 5000

/** More rows into tables that are full already, in sorted order; rows a second, without reading a file. */
export async function importIntoFilled(config: Config, size: number): Promise<number> {
  const deployment = await openDeployment(config, { migrate: false })
  try {
    const version = versionOf(deployment)
    const more = Math.min(rowsMore, size)
    const rows = byLookup(version, size, size + more).map((token) =>
      importedOf(token, version.version, Date.now()),
    )
    const begun = performance.now()
    for (let at = 0; at < rows.length; at += rowsTogether) {
      await deployment.store.importLegacyTokens(rows.slice(at, at + rowsTogether))
    }
    return more / ((performance.now() - begun) / 1000)
  } finally {
    await deployment.close()
  }
}

const rowsPerStep = 1000
const later = 400 * 86_400_000

/** As if all had expired long ago: rows that are gone, a second, step by step as a server does it. */
export async function sweepAll(config: Config, secondsMax: number): Promise<number> {
  const deployment = await openDeployment(config, { migrate: false })
  try {
    const begun = performance.now()
    let swept = 0
    for (;;) {
      const { gone, done } = await deployment.store.sweep(Date.now() + later, rowsPerStep)
      swept += gone
      const seconds = (performance.now() - begun) / 1000
      if (done || seconds > secondsMax) return swept / seconds
    }
  } finally {
    await deployment.close()
  }
}

/** Of the table and its indexes, of which it has partitions or not. */
export async function bytesPerRow(url: string, rows: number): Promise<number> {
  const { rows: found } = await administer(
    url,
    `select sum(pg_total_relation_size(oid))::float8 as bytes from pg_class
      where relname ~ '^legacy_tokens' and relkind = 'r'`,
  )
  return Number(found[0]?.bytes) / rows
}
