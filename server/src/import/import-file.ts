/**
 * Imports a file: read, check, write. What is there already stays as it is, so an import that was interrupted
 * is simply run again, and never moves a token's state backwards.
 */
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Actor } from '../kernel/decision.ts'
import { event } from '../kernel/decision.ts'
import type { FileKind } from './columns.ts'
import { columnMap, ImportError } from './columns.ts'
import type { Delimiter } from './csv.ts'
import type { LegacyTokenOptions } from './legacy-tokens.ts'
import type { FileFormat } from './read-rows.ts'
import { readRows } from './read-rows.ts'
import type { RefusedFile } from './refused-file.ts'
import { refusedFile } from './refused-file.ts'
import type { ImportPlace, Target, Waiting } from './targets.ts'
import { legacyTokenTarget, organizationTarget, userTarget } from './targets.ts'
import type { Warnings } from './warnings.ts'

export type ImportOptions = Pick<LegacyTokenOptions, 'dialect' | 'client' | 'digestKind'> & {
  readonly path: string
  readonly kind: FileKind
  /** Absent: told by the file's first character. */
  readonly format: FileFormat | undefined
  /** Each as `theirs=ours`. */
  readonly mappings: readonly string[]
  /** Reads and checks, and writes nothing but the file of refused rows. */
  readonly dryRun: boolean
  readonly actor: Actor
  /** Rows that are sorted and written together; absent: as many as are best. */
  readonly runRows?: number
  readonly onProgress?: (progress: Progress) => void
  /** Whether to stop after what is being written now. */
  readonly isStopped?: () => boolean
}

export type Progress = {
  /** Rows that are dealt with: written, there already, or refused. */
  readonly rows: number
  readonly rowsRead: number
  readonly bytesRead: number
  readonly bytes: number
}

export type ImportSummary = {
  /** Rows that were dealt with; after a stop, fewer than were read. */
  readonly rows: number
  readonly cameIn: number
  /** Right, but there already (or twice in the file): they stay as they are. */
  readonly already: number
  readonly refused: number
  readonly refusedPath: string
  readonly warnings: Warnings | undefined
  /** What stood between the columns; absent in NDJSON. */
  readonly delimiter: Delimiter | undefined
  readonly stopped: boolean
}

/** In longer sorted runs, more rows share a page of the table. */
export const runRowsDefault = 100_000
export const sliceRows = 8000
/**
 * A server on the same file asks for the lock every few milliseconds; between two slices it finds it free.
 * While the file is read, that takes as long, so one run is written while the next one is read.
 */
const pauseMilliseconds = 5

export async function importFile(options: ImportOptions, place: ImportPlace): Promise<ImportSummary> {
  // The options first: a mistake in them is said before anything is opened.
  columnMap(options.mappings, options.kind)
  if (options.kind === 'users') return importInto(userTarget(place), options, place)
  if (options.kind === 'organizations') return importInto(organizationTarget(place), options, place)
  return importInto(await legacyTokenTarget(options, place), options, place)
}

async function importInto<Imported>(
  target: Target<Imported>,
  options: ImportOptions,
  place: ImportPlace,
): Promise<ImportSummary> {
  const bytes = sizeOf(options.path)
  const map = columnMap(options.mappings, options.kind)
  const refused = refusedFile(`${options.path}.refused.csv`)
  const isStopped = options.isStopped ?? (() => false)
  const runRows = options.runRows ?? runRowsDefault
  const counts = { rowsRead: 0, accepted: 0, cameIn: 0 }
  let bytesRead = 0
  let waiting: Waiting<Imported>[] = []
  let run: Run<Imported> | undefined
  let delimiter: Delimiter | undefined
  const rows = (): number => counts.accepted + refused.count()
  const progress = (): void =>
    options.onProgress?.({ rows: rows(), rowsRead: counts.rowsRead, bytesRead, bytes })
  const writing: Writing<Imported> = { target, refused, counts, isStopped, progress, dryRun: options.dryRun }
  try {
    for await (const piece of readRows({ ...options, map })) {
      for (const row of piece.rows) {
        const checked = 'broken' in row ? { refused: row.broken } : target.check(row.values, row.line)
        if (isRefused(checked)) refused.write(row.line, checked.refused)
        else waiting.push({ line: row.line, record: checked })
      }
      counts.rowsRead += piece.rows.length
      bytesRead = piece.bytesRead
      delimiter = piece.delimiter
      progress()
      if (run && !isStopped()) await writeSlice(run, writing)
      if (waiting.length >= runRows) {
        await writeRest(run, writing)
        run = sorted(waiting, target)
        waiting = []
      }
      if (isStopped()) break
    }
    await writeRest(run, writing)
    await writeRest(sorted(waiting, target), writing)
  } finally {
    refused.close()
  }
  const summary: ImportSummary = {
    rows: rows(),
    cameIn: counts.cameIn,
    already: counts.accepted - counts.cameIn,
    refused: refused.count(),
    refusedPath: refused.path,
    warnings: target.warnings,
    delimiter,
    stopped: isStopped(),
  }
  if (!options.dryRun && !summary.stopped) await noteFinished(options, summary, place)
  return summary
}

function sizeOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new ImportError(`There is no file ${path}.`)
  if (!found.isFile()) throw new ImportError(`${path} is not a file.`)
  return found.size
}

const isRefused = (checked: unknown): checked is { readonly refused: string } =>
  typeof checked === 'object' && checked !== null && 'refused' in checked

type Writing<Imported> = {
  readonly target: Target<Imported>
  readonly refused: RefusedFile
  readonly counts: { accepted: number; cameIn: number }
  readonly isStopped: () => boolean
  readonly progress: () => void
  readonly dryRun: boolean
}

/** Rows in their order, of which so many are dealt with. */
type Run<Imported> = { readonly rows: readonly Waiting<Imported>[]; written: number }

/** A slice, which is durable before anything else is done; nothing where all are written. */
async function writeSlice<Imported>(
  run: Run<Imported>,
  { target, refused, counts, progress, dryRun }: Writing<Imported>,
): Promise<void> {
  const slice = run.rows.slice(run.written, run.written + sliceRows)
  if (slice.length === 0) return
  const records = slice.map(({ record }) => record)
  await target.look?.(slice)
  const written = dryRun ? { cameIn: records.length, refused: [] } : await target.write(records)
  for (const place of written.refused) refused.write(slice[place]?.line ?? 0, target.taken)
  counts.cameIn += written.cameIn
  counts.accepted += slice.length - written.refused.length
  run.written += slice.length
  progress()
}

/** Slice by slice, until all are written or it is to stop. */
async function writeRest<Imported>(
  run: Run<Imported> | undefined,
  writing: Writing<Imported>,
): Promise<void> {
  while (run && run.written < run.rows.length && !writing.isStopped()) {
    await writeSlice(run, writing)
    if (!writing.dryRun) await pause(pauseMilliseconds)
  }
}

const placesMax = 2 ** 21

/** In the target's order, where it has one: numbers, each of a key with its row's place behind it. */
function sorted<Imported>(waiting: readonly Waiting<Imported>[], { order }: Target<Imported>): Run<Imported> {
  if (!order || waiting.length > placesMax) return { rows: waiting, written: 0 }
  const keys = new Float64Array(waiting.length)
  for (const [at, { record }] of waiting.entries()) keys[at] = order(record) * placesMax + at
  keys.sort()
  const rows: Waiting<Imported>[] = []
  for (const key of keys) {
    const one = waiting[key % placesMax]
    if (one) rows.push(one)
  }
  return { rows, written: 0 }
}

async function noteFinished(
  { path, kind, actor }: ImportOptions,
  { rows, cameIn, already, refused }: ImportSummary,
  { world }: ImportPlace,
): Promise<void> {
  const detail = `${kind} of ${basename(path)}: ${rows} rows, ${cameIn} came in, ${already} already, ${refused} refused`
  await world.store.commit([event('import_finished', world.moment().now, actor, { detail })])
}
