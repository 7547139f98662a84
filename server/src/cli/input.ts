/**
 * Secrets come in by stdin or a prompt that shows nothing: an argument would stand in the shell's history.
 */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { CommandError } from './command.ts'

/** One line that the terminal does not show; from a pipe, its first line. */
export async function readSecret(what: string): Promise<string> {
  const { stdin } = process
  if (stdin.isTTY) process.stderr.write(`${what}: `)
  // Written nowhere: what readline would echo is the secret.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: silent, terminal: stdin.isTTY === true })
  try {
    const { value, done } = await lines[Symbol.asyncIterator]().next()
    const secret = done ? '' : String(value).replace(/\r$/, '')
    if (secret === '') {
      throw new CommandError(`No ${what.toLowerCase()} was given. Type it, or send it by stdin: … < file`)
    }
    return secret
  } finally {
    lines.close()
    if (stdin.isTTY) process.stderr.write('\n')
  }
}
