/**
 * The addresses of a name that somebody else chose. The system's own look-up (getaddrinfo) holds one of the
 * process's few threads for as long as a name server is silent, and signing in and mail would wait behind
 * it; here names are asked for without a thread, briefly, and only while the request lasts.
 */
import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'

/** All addresses of a name as they are at this moment; once it is over, nobody waits for them. */
export type Resolve = (
  name: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
  over: AbortSignal,
) => void

export type NameSources = {
  /** Name servers to ask instead of the system's, as `address:port`. */
  readonly servers?: readonly string[]
  readonly hostsFile?: string
  readonly milliseconds?: () => number
}

/** Resolves by the hosts file, then by name servers. Search domains are not applied. */
export function lookUpNames(sources: NameSources = {}): Resolve {
  const { servers, hostsFile = '/etc/hosts', milliseconds = () => performance.now() } = sources
  const hosts = hostsIn(hostsFile, milliseconds)
  const find = async (name: string, over: AbortSignal): Promise<readonly string[]> =>
    known(name, await hosts()) ?? askServers(name, servers, over)
  return (name, done, over) =>
    void find(name, over).then(
      (addresses) => done(null, addresses.map(withFamily)),
      (error: Error) => done(error, []),
    )
}

const withFamily = (address: string): LookupAddress => ({ address, family: isIP(address) })

type Hosts = ReadonlyMap<string, readonly string[]>

function known(name: string, hosts: Hosts): readonly string[] | undefined {
  const lower = name.toLowerCase()
  // RFC 6761 §6.3: these are this machine, and no name server is asked for them.
  const isLocal = /(^|\.)localhost$/.test(lower)
  return hosts.get(lower) ?? (isLocal ? ['127.0.0.1', '::1'] : undefined)
}

const hostsKeptMilliseconds = 60_000

/**
 * Read by ourselves: were the names that stand in it left to the system, its configuration could still have
 * it ask name servers first, on a thread. Kept for a minute, as some of these files are long.
 */
function hostsIn(file: string, milliseconds: () => number): () => Promise<Hosts> {
  let kept: { readonly hosts: Promise<Hosts>; readonly until: number } | undefined
  return () => {
    const now = milliseconds()
    if (!kept || now >= kept.until) kept = { hosts: readHosts(file), until: now + hostsKeptMilliseconds }
    return kept.hosts
  }
}

async function readHosts(file: string): Promise<Hosts> {
  // A system without this file, or that keeps it from us, has the name servers alone.
  const text = await readFile(file, 'utf8').catch(() => '')
  const hosts = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    // An address bound to an interface (`fe80::1%lo0`) is never gone to.
    if (isIP(address) === 0 || address.includes('%')) continue
    for (const name of names) {
      const lower = name.toLowerCase()
      const addresses = hosts.get(lower)
      if (addresses) addresses.push(address)
      else hosts.set(lower, [address])
    }
  }
  return hosts
}

async function askServers(
  name: string,
  servers: readonly string[] | undefined,
  over: AbortSignal,
): Promise<readonly string[]> {
  if (over.aborted) throw new Error(`${name} was not looked up: the request is over.`)
  // One for each look-up: to cancel is to cancel all that a resolver asks, and a fresh one keeps no answers.
  const resolver = new Resolver({ timeout: 2000, tries: 1 })
  if (servers) resolver.setServers(servers)
  const cancel = (): void => resolver.cancel()
  over.addEventListener('abort', cancel)
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  over.removeEventListener('abort', cancel)
  // IPv4 first: where this machine has no IPv6, nothing is lost on trying.
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  if (addresses.length > 0) return addresses
  throw problemOf(answers) ?? new Error(`${name} has no address.`)
}

/** Of two errors, the one that says more than that there is no address of this kind. */
function problemOf(answers: readonly PromiseSettledResult<unknown>[]): Error | undefined {
  const errors = answers.flatMap((answer): Error[] => (answer.status === 'rejected' ? [answer.reason] : []))
  return errors.find((error) => !('code' in error && error.code === 'ENODATA')) ?? errors[0]
}
