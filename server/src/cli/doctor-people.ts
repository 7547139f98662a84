/** What `tokenferry doctor` says of people: where they live, and from where they may be asked for. */
import type { Config } from '../config.ts'
import { isRange } from '../kernel/addresses.ts'
import type { Store } from '../kernel/store.ts'
import type { Finding } from './doctor-finding.ts'

const warn = (about: string, says: string): Finding => ({ result: 'warn', about, says })

export const peopleFindings = async (store: Store, config: Config): Promise<readonly Finding[]> => [
  ...(await regionFindings(store, config)),
  ...(await addressFindings(store)),
]

/** Who names a region that nobody configured is sent nowhere: every server answers them. */
async function regionFindings(
  store: Pick<Store, 'countByRegion'>,
  { region: here, regions }: Pick<Config, 'region' | 'regions'>,
): Promise<readonly Finding[]> {
  if (!regions) return []
  const counts = await store.countByRegion()
  // An organization's may be recorded as the address itself.
  const unknown = counts.filter(({ region }) => !Object.hasOwn(regions, region) && !isAddress(region))
  if (unknown.length === 0) {
    const says = `this is ${here}, of ${Object.keys(regions).join(', ')}`
    return [{ result: 'ok', about: 'regions', says }]
  }
  return unknown.map(({ record, region, count, firstId }) => {
    const says = `${count} ${count === 1 ? oneOf[record] : record} in ${region}, which regions does not name: each server`
    const set = `tokenferry ${oneOf[record]} set ${firstId} --region …`
    return warn('regions', `${says} answers them. Name it in regions, or: ${set}`)
  })
}

const oneOf = { users: 'user', organizations: 'organization' } as const

const isAddress = (region: string): boolean => /^https?:\/\//.test(region)

const page = 1000

/** A range that cannot be read holds no address, so nobody of the organization would get anything there. */
async function addressFindings(store: Pick<Store, 'listLimitedOrganizations'>): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (let after: string | undefined; ; ) {
    const found = await store.listLimitedOrganizations({ after, limit: page })
    for (const { id, allowedAddresses } of found) {
      const wrong = allowedAddresses.filter((range) => !isRange(range))
      const set = `tokenferry organization set ${id} --allow-address …`
      if (wrong.length > 0)
        findings.push(
          warn('addresses', `${id} allows ${wrong.join(' ')}, which is no address or range: ${set}`),
        )
    }
    after = found.at(-1)?.id
    if (found.length < page) return findings
  }
}
