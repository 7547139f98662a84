/** `tokenferry serve`: the server, until it is told to stop. */
import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import type { Running } from '../main.ts'
import { serve } from '../main.ts'
import { parsePort } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, exampled, explaining, withShared } from './command.ts'

type Options = Shared & { readonly port?: number }

export function addServeCommand(program: Command): void {
  const command = withShared(program.command('serve').description('run the server'))
    .option('--port <number>', 'listen on this port instead of the configured one', parsePort)
    .action(async (options: Options) => untilStopped(await start(options)))
  exampled(command, 'tokenferry serve --config tokenferry.yaml', 'tokenferry serve --port 4001')
}

async function start({ config: path, port }: Options): Promise<Running> {
  const config = readConfig(path)
  const listen = { ...config.listen, port: port ?? config.listen.port }
  const running = await serve({ ...config, listen })
    .catch((error: unknown) => {
      throw listenError(error, listen) ?? error
    })
    .catch(explaining(config))
  // Logs are on stdout, one JSON object a line; what is for people goes beside them.
  process.stderr.write(`Tokenferry listens on ${running.address}\n`)
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
