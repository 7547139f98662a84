/** The root secret: 32 bytes that seal the key ring. It lies in no database, backup or log. */
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'

export class RootSecretError extends Error {
  override readonly name = 'RootSecretError'
}

/** From `env:NAME` or `file:PATH`: 64 hex digits. */
export function readRootSecret(reference: string): Buffer {
  const text = readReference(reference).trim()
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new RootSecretError(
      `The root secret (${reference}) is not 64 hex digits. Make one: openssl rand -hex 32`,
    )
  }
  return Buffer.from(text, 'hex')
}

/** Any secret of the configuration: `env:NAME` or `file:PATH`. */
export function readReference(reference: string): string {
  const [scheme, ...rest] = reference.split(':')
  const name = rest.join(':')
  if (scheme === 'env') {
    const value = process.env[name]
    if (!value) throw new RootSecretError(`The environment variable ${name} is not set (${reference}).`)
    return value
  }
  if (scheme !== 'file') throw new RootSecretError(`A secret is env:NAME or file:PATH, not "${scheme}:…".`)
  try {
    const mode = statSync(name).mode
    if ((mode & 0o077) !== 0) {
      throw new RootSecretError(`${name} can be read by others. Mend it: chmod 600 ${name}`)
    }
    return readFileSync(name, 'utf8')
  } catch (error) {
    if (error instanceof RootSecretError) throw error
    throw new RootSecretError(`${name} cannot be read (${reference}).`, { cause: error })
  }
}

/** Makes one, readable by its owner alone. Only the demo does this by itself. */
export function makeRootSecret(path: string): void {
  writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
}
