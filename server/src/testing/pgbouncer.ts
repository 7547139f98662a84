/**
 * A real PgBouncer in transaction mode for tests, where it is installed: on a socket in a folder of its own,
 * and gone with whoever started it. It hands every transaction to another connection, so that whatever was
 * left behind in one is missed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

const program = '/usr/sbin/pgbouncer'

/** Why tests with it are skipped; `false` where they run. */
export const withoutPgbouncer: string | false = existsSync(program)
  ? false
  : `${program} is not installed: PostgreSQL behind a pooler is not tried.`

export type Pgbouncer = {
  /** Of a database of the server behind it, from the server's own address. */
  url(address: string): string
  /** Ends it at once and removes its folder. */
  stop(): Promise<void>
}

const startMillisecondsMax = 60_000
/** It does not run as root: then it runs as nobody. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** `address`: of the server behind it, by its socket. */
export async function startPgbouncer(address: string): Promise<Pgbouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-pgbouncer-'))
  const behind = new URLSearchParams(address.slice(address.indexOf('?'))).get('host') ?? ''
  const user = /^postgres:\/\/(\w+)@/.exec(address)?.[1] ?? ''
  const settings = join(folder, 'pgbouncer.ini')
  writeFileSync(join(folder, 'users'), `"${user}" ""\n`)
  writeFileSync(
    settings,
    `[databases]
* = host=${behind}
[pgbouncer]
pool_mode = transaction
default_pool_size = 6
server_round_robin = 1
max_client_conn = 400
auth_type = trust
auth_file = ${join(folder, 'users')}
listen_addr =
listen_port = 6432
unix_socket_dir = ${folder}
log_connections = 0
log_disconnections = 0
`,
  )
  if (nobody.uid !== undefined) chownSync(folder, nobody.uid, nobody.gid)
  // A shell between: when its input ends, with this process, it ends the pooler and removes the folder.
  const guard = `trap '' INT TERM HUP; "$@" >&2 & pooler=$!; cat >/dev/null
    kill -TERM $pooler 2>/dev/null; wait $pooler; cd /; rm -rf "$FOLDER"`
  const shell = spawn('/bin/sh', ['-c', guard, 'sh', program, '-q', settings], {
    ...nobody,
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', FOLDER: folder },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let output = ''
  shell.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-10_000)
  })
  const url = (of: string): string =>
    `${of.slice(0, of.indexOf('?'))}?host=${encodeURIComponent(folder)}&port=6432`
  const until = performance.now() + startMillisecondsMax
  for (;;) {
    const client = new pg.Client(url(address))
    try {
      await client.connect()
      await client.end()
      break
    } catch (error) {
      if (shell.exitCode !== null || performance.now() > until) {
        throw new Error(`PgBouncer did not start: ${output}`, { cause: error })
      }
      // A process that starts has no clock of ours: asking again a little later is all there is.
      await pause(20)
    }
  }
  shell.unref()
  for (const stream of [shell.stdin, shell.stderr]) (stream as unknown as { unref?(): void }).unref?.()
  return {
    url,
    async stop() {
      if (shell.exitCode !== null) return
      shell.ref()
      const ended = once(shell, 'exit')
      shell.stdin.end()
      await ended
    },
  }
}
