/** `tokenferry serve`: the server, until it is told to stop. */
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import type { Running } from '../main.ts'
import { serve } from '../main.ts'
import { isSqlite } from '../open-database.ts'
import { migrate } from '../storage/migrate.ts'
import { parsePort, parseWorkers } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, exampled, explaining, withDatabase, withShared } from './command.ts'
import { isWorker, keepWorkers, workUntilStopped } from './workers.ts'

type Options = Shared & { readonly port?: number; readonly workers?: number }

export function addServeCommand(program: Command): void {
  const command = withShared(program.command('serve').description('run the server'))
    .option('--port <number>', 'listen on this port instead of the configured one', parsePort)
    .option('--workers <number>', 'so many processes behind one port (PostgreSQL only)', parseWorkers)
    .action(async (options: Options) => {
      if (isWorker()) await workUntilStopped(() => start(options))
      else if ((options.workers ?? 1) === 1) await untilStopped(await start(options))
      else await startWorkers(options)
    })
  exampled(
    command,
    'tokenferry serve --config tokenferry.yaml',
    'tokenferry serve --port 4001',
    'tokenferry serve --workers 4',
  )
}

async function startWorkers({ config: path, workers = 1 }: Options): Promise<void> {
  if (isSqlite(readConfig(path))) {
    throw new CommandError(
      'On SQLite one process is faster than several: a file takes one commit after the other, and one process ' +
        'makes those that arrive together durable at once. Leave --workers out, or use PostgreSQL.',
    )
  }
  // Here, once: the processes find it done.
  await withDatabase({ config: path }, (database, config) =>
    migrate(database, { partitions: config.postgres.partitions }),
  )
  await keepWorkers(workers)
}

async function start({ config: path, port }: Options): Promise<Running> {
  const config = readConfig(path)
  const listen = { ...config.listen, port: port ?? config.listen.port }
  const oneOfSeveral = isWorker()
  const running = await serve({ ...config, listen }, { migrate: !oneOfSeveral, oneOfSeveral })
    .catch((error: unknown) => {
      throw listenError(error, listen) ?? error
    })
    .catch(explaining(config))
  // Logs are on stdout, one JSON object a line; what is for people goes beside them.
  if (!oneOfSeveral) process.stderr.write(`Tokenferry listens on ${running.address}\n`)
  return running
}

function listenError(error: unknown, { host, port }: { host: string; port: number }): Error | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const told: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is taken. Stop what listens there, or choose another: --port`,
    EACCES: `Port ${port} on ${host} may not be used by this user. Choose one above 1023: --port`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Mend listen.host in the configuration.`,
    ENOTFOUND: `There is no host ${host}. Mend listen.host in the configuration.`,
  }
  const message = typeof code === 'string' ? told[code] : undefined
  return message === undefined ? undefined : new CommandError(message, { cause: error })
}

const closeMillisecondsMax = 30_000

/** The first signal finishes what is in flight and closes; a second one, or half a minute, ends at once. */
export function untilStopped(running: Running): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false
    const stop = (): void => {
      if (stopping) process.exit(1)
      stopping = true
      setTimeout(() => process.exit(1), closeMillisecondsMax).unref()
      running.close().then(resolve, reject)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
