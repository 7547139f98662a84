/** `region` and `regions`: which of several places this server is, and where each of them is asked. */
import { z } from 'zod'
import type { Regions } from './kernel/operations/issue.ts'

const nameWords = 'the name of a region, such as us: up to 32 letters, digits, - and _'
const addressWords = 'an https address without a query, such as https://us.example.com; http on the loopback'
const regionsWords = 'at least one region with its address, such as us: https://us.example.com'

const name = z.string(nameWords).regex(/^[A-Za-z0-9][\w-]{0,31}$/, nameWords)
const address = z.string(addressWords).refine(isAddress, addressWords)

export const regionSetting = name.optional()

/** The address of each region, by its name. */
export const regionSettings = z
  .record(name, address)
  .refine((regions) => Object.keys(regions).length > 0, regionsWords)
  .optional()

type Settings = {
  readonly public_url: string
  readonly region?: string | undefined
  readonly regions?: Readonly<Record<string, string>> | undefined
}

/** What of the two does not go together, or not with the address of this server. */
export function checkRegions(settings: Settings, context: z.RefinementCtx): void {
  for (const { path, message } of mistakesIn(settings)) {
    context.addIssue({ code: 'custom', path: [...path], message })
  }
}

type Mistake = { readonly path: readonly string[]; readonly message: string }

function mistakesIn({ public_url, region, regions }: Settings): readonly Mistake[] {
  if (regions === undefined) {
    const message = `${regionsWords}; ${region} is one of them`
    return region === undefined ? [] : [{ path: ['regions'], message }]
  }
  const names = Object.keys(regions)
  // That is a mistake by itself, and said as one.
  if (names.length === 0) return []
  const named = `one of ${names.join(', ')}, as regions names them`
  const here = region !== undefined && Object.hasOwn(regions, region) ? regions[region] : undefined
  if (here === undefined) return [{ path: ['region'], message: named }]
  // Else a client that is sent here would be told by this very server that it is elsewhere.
  if (trimmed(public_url) !== trimmed(here)) {
    return [{ path: ['public_url'], message: `${here}, which regions says is the address of ${region}` }]
  }
  return repeatedIn(Object.entries(regions))
}

/** A client that is sent to another region must not arrive where it was. */
function repeatedIn(regions: readonly (readonly [string, string])[]): readonly Mistake[] {
  return regions.flatMap(([name, at], index) => {
    const first = regions.findIndex(([, other]) => trimmed(other) === trimmed(at))
    const before = first < index ? regions[first]?.[0] : undefined
    const message = `an address of its own; ${before} has this one`
    return before === undefined ? [] : [{ path: ['regions', name], message }]
  })
}

/** All regions and where each is asked, without a slash at the end; `undefined` where none are configured. */
export function regionsOf({ region, regions }: Settings): ConfiguredRegions | undefined {
  if (region === undefined || regions === undefined) return undefined
  const addresses = new Map(Object.entries(regions).map(([one, at]) => [one, trimmed(at)]))
  return { here: region, all: [...addresses.keys()], addresses }
}

export type ConfiguredRegions = Regions & { readonly addresses: ReadonlyMap<string, string> }

/** An address as other addresses are put behind it. */
export const trimmed = (url: string): string => url.replace(/\/+$/, '')

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, search, hash, username, password } = new URL(text)
  if (search !== '' || hash !== '' || username !== '' || password !== '') return false
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback)
}
