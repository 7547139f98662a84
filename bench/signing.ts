/** The other floor: how many signatures one core makes in a second, by OpenSSL itself where it is here. */
import { spawnSync } from 'node:child_process'
import { sign } from 'node:crypto'
import { generateKeyPair } from '../server/src/keys/key-pair.ts'
import { canPin } from './subjects.ts'

export type Signatures = {
  readonly by: string
  readonly es256PerSecond: number
  readonly rs256PerSecond: number
}

export function signaturesPerSecond(): Signatures {
  const speed = ['speed', '-seconds', '1', 'ecdsap256', 'rsa2048']
  const [program = '', ...rest] = canPin
    ? ['taskset', '--cpu-list', '0', 'openssl', ...speed]
    : ['openssl', ...speed]
  const { stdout, status } = spawnSync(program, rest, { encoding: 'utf8' })
  // Two times, then signatures and verifications a second.
  const perSecond = (line: RegExp): number =>
    Number(
      line
        .exec(stdout ?? '')?.[1]
        ?.trim()
        .split(/\s+/)
        .at(2) ?? 0,
    )
  const es256PerSecond = perSecond(/^.*ecdsa.*nistp256\)?\s+(.*)$/m)
  const rs256PerSecond = perSecond(/^rsa 2048 bits\s+(.*)$/m)
  if (status === 0 && es256PerSecond > 0 && rs256PerSecond > 0) {
    return { by: 'openssl speed', es256PerSecond, rs256PerSecond }
  }
  return {
    by: 'node:crypto in a loop',
    es256PerSecond: inLoop(generateKeyPair('ES256').privateKey),
    rs256PerSecond: inLoop(generateKeyPair('RS256').privateKey),
  }
}

function inLoop(key: Parameters<typeof sign>[2]): number {
  const data = Buffer.alloc(400)
  const begun = performance.now()
  let count = 0
  for (; performance.now() - begun < 1000; count += 1) sign('sha256', data, key)
  return count / ((performance.now() - begun) / 1000)
}
