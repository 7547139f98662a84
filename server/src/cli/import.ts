/** `tokenferry import`: legacy tokens, users or organizations from a file. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { FileKind } from '../import/columns.ts'
import { columnsOf, ImportError } from '../import/columns.ts'
import type { ImportSummary } from '../import/import-file.ts'
import { importFile } from '../import/import-file.ts'
import { bytesOfKind } from '../import/lookups.ts'
import { progressTeller } from '../import/progress.ts'
import type { FileFormat } from '../import/read-rows.ts'
import type { Counted } from '../import/warnings.ts'
import { ringHeardAfterMilliseconds } from '../keys/key-ring.ts'
import { collect } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, exampled, operator, withDeployment, withShared } from './command.ts'
import { say } from './output.ts'

type Options = Shared & {
  readonly users?: boolean
  readonly organizations?: boolean
  readonly format?: FileFormat
  readonly map?: readonly string[]
  readonly dialect?: string
  readonly client?: string
  readonly digestKind?: string
  readonly dryRun?: boolean
}

export function addImportCommand(program: Command): void {
  const command = withShared(
    program.command('import <file>').description('import legacy tokens, users or organizations'),
  )
    .addOption(new Option('--users', 'the file holds users').conflicts('organizations'))
    .option('--organizations', 'the file holds organizations')
    .addOption(
      new Option('--format <name>', 'what the file is; else its first character tells').choices([
        'csv',
        'ndjson',
      ]),
    )
    .option('--map <theirs=ours>', 'what a column is called in the file; theirs=- leaves it out', collect)
    .option('--dialect <name>', 'of rows that name no dialect and no client')
    .option('--client <id>', 'of rows that name no client')
    .option('--digest-kind <kind>', 'of rows with a digest that name no kind, such as sha256')
    .option('--dry-run', 'read and check, and write nothing')
    .action(run)
  exampled(
    command,
    'tokenferry import companies.csv --organizations',
    'tokenferry import tokens.csv --client my-app --dry-run',
    'tokenferry import keys.ndjson --map api_key=token --map owner_id=user',
    'tokenferry import hashes.csv --digest-kind sha256 --dialect standard',
  ).addHelpText('after', columnsText)
}

const columnsText = `
Columns (a header in CSV, members in NDJSON):
  tokens:         ${columnsOf.tokens.slice(0, 7).join(', ')},
                  ${columnsOf.tokens.slice(7).join(', ')}
  users:          ${columnsOf.users.join(', ')}
  organizations:  ${columnsOf.organizations.join(', ')}

What is there already stays as it is: after an interruption, run the same command again.
Rows that are wrong stay out, and are listed with their line and the reason in <file>.refused.csv.
A tab or a semicolon may stand between the columns of CSV; the header tells.

Exit status: 0 all rows are in; 3 some were refused; 130 stopped; 1 nothing could be done.`

/** Scripts must see that not all of a file came in; what did come in stays. */
const refusedStatus = 3

async function run(path: string, options: Options): Promise<void> {
  const kind: FileKind = options.users ? 'users' : options.organizations ? 'organizations' : 'tokens'
  if (options.digestKind !== undefined && bytesOfKind(options.digestKind) === undefined) {
    throw new CommandError(
      `--digest-kind ${options.digestKind}: write sha256, sha1, md5 or hmac-sha256; ` +
        'with /after:SEPARATOR where only what stands behind a separator was hashed.',
    )
  }
  let stopped = false
  const stop = (): void => {
    // The second time at once: what was written is durable, and a slice is whole or not there.
    if (stopped) process.exit(130)
    stopped = true
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const teller = progressTeller(process.stderr)
  const started = performance.now()
  try {
    const summary = await withDeployment(options, (deployment) =>
      importFile(
        {
          path,
          kind,
          format: options.format,
          mappings: options.map ?? [],
          dialect: options.dialect,
          client: options.client,
          digestKind: options.digestKind,
          dryRun: options.dryRun ?? false,
          actor: operator(),
          onProgress: teller.tell,
          isStopped: () => stopped,
        },
        { ...deployment, kindsHeardAfterMilliseconds: ringHeardAfterMilliseconds },
      ),
    )
    teller.end()
    for (const line of summaryLines(summary, options.dryRun ?? false, performance.now() - started)) say(line)
    if (summary.stopped) {
      process.stderr.write('Stopped. What came in stays; run the same command again for the rest.\n')
      process.exitCode = 130
    } else if (summary.refused > 0) process.exitCode = refusedStatus
  } catch (error) {
    teller.end()
    throw error instanceof ImportError ? new CommandError(error.message, { cause: error }) : error
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

const rowsOfRateMin = 1000

export function summaryLines(summary: ImportSummary, dryRun: boolean, milliseconds: number): string[] {
  const { rows, cameIn, already, refused, refusedPath, stopped, delimiter } = summary
  const seconds = Math.max(milliseconds / 1000, 0.001)
  // Of a few rows, nearly all the time went into opening the database.
  const rate = rows < rowsOfRateMin ? '' : ` (${count(Math.round(rows / seconds))} rows/s)`
  const lines = [
    `${count(rows)} ${rows === 1 ? 'row' : 'rows'} ${stopped ? 'done' : 'read'} in ${seconds.toFixed(1)} s${rate}`,
    dryRun ? `${count(cameIn)} are right (a dry run: nothing was written)` : `${count(cameIn)} came in`,
  ]
  if (already > 0)
    lines.push(
      `${count(already)} ${wereOrWas(already)} there already, and ${already === 1 ? 'stays as it is' : 'stay as they are'}`,
    )
  if (refused > 0)
    lines.push(`${count(refused)} ${wereOrWas(refused)} refused: line and reason are in ${refusedPath}`)
  if (delimiter === ';' || delimiter === '\t') {
    lines.push(`The columns were read with a ${delimiter === ';' ? 'semicolon' : 'tab'} between them.`)
  }
  return [...lines, ...warningLines(summary)]
}

const count = (number: number): string => number.toLocaleString('en')
const wereOrWas = (number: number): string => (number === 1 ? 'was' : 'were')

function warningLines({ warnings }: ImportSummary): string[] {
  if (!warnings) return []
  const { firstLines, beyondNames, crowded } = warnings
  const told: readonly (readonly [Counted, string])[] = [
    ['weak', 'of under about 80 bits, which can be guessed.'],
    ['expired', 'that expired, which cannot be exchanged.'],
    ['withoutScopes', 'without recorded scopes: for all that the client may have.'],
    [
      'beyond',
      `with scopes that the client may not have: ${[...beyondNames].join(', ')}. ` +
        'At the exchange these are left out, or it is refused (legacy_scopes_beyond_client).',
    ],
    [
      'withoutSubject',
      'without user and organization. Each gets a user of its own (legacy:…), ' +
        'shared only by tokens of one authorization.',
    ],
    ['userUnknown', 'whose user is not here. Bring them in: tokenferry import --users'],
    ['organizationUnknown', 'whose organization is not here. Bring it in: tokenferry import --organizations'],
  ]
  const tokens = (of: Counted): string => {
    const line = firstLines.get(of)
    return warnings[of] === 1
      ? `1 token (line ${line})`
      : `${count(warnings[of])} tokens (the first in line ${line})`
  }
  return [
    ...told.filter(([of]) => warnings[of] > 0).map(([of, says]) => `Warning: ${tokens(of)} ${says}`),
    ...[...crowded].map(
      ([client, max]) =>
        `Warning: of ${client}, one user brings more than ${max} tokens. Only the newest ${max} exchanged ` +
        'grants of one user stay alive (grants_per_connection).',
    ),
  ]
}
