/**
 * Look-ups of imported tokens and digests, and the kinds of digest that the store must know of before its
 * rows.
 */
import type { DigestName } from '../kernel/legacy-lookup.ts'
import { digestBytes, lookupOf, lookupsOf } from '../kernel/legacy-lookup.ts'
import type { LookupKind, Ring, RingVersion } from '../kernel/ring.ts'
import type { Values } from './columns.ts'
import type { Refused } from './legacy-tokens.ts'
import { hearDigest, isPlain } from './values.ts'

const tokenBytesMax = 4096
/** Every exchange looks for every kind: a file that made a thousand would make every exchange slow. */
const kindsMax = 16
const none: readonly never[] = []

type Found = { readonly lookup: Buffer; readonly alsoAs: readonly Buffer[] }

/** Makes look-ups under the current version, and those under which the same token may stand already. */
export function lookupMaker(ring: Ring, version: RingVersion) {
  const known = [...ring.lookupKinds]
  let fresh: LookupKind[] = []
  const isOwn = (one: LookupKind, kind: string): boolean =>
    one.version === version.version && one.kind === kind
  let othersOfRaw: Ring = ring

  const note = (kind: string): boolean => {
    if (known.some((one) => isOwn(one, kind))) return true
    if (new Set(known.map((one) => one.kind)).add(kind).size > kindsMax) return false
    const own = { version: version.version, kind }
    known.push(own)
    fresh.push(own)
    return true
  }
  const refresh = (): void => {
    othersOfRaw = { ...ring, lookupKinds: known.filter((one) => !isOwn(one, 'raw')) }
  }
  refresh()

  function ofToken(token: string): Found | Refused {
    const bytes = Buffer.from(token)
    if (bytes.length > tokenBytesMax) return { refused: 'the token is longer than 4096 bytes' }
    if (!isPlain(token)) return { refused: 'the token has a control character in it, or a space at an end' }
    if (note('raw') && fresh.length > 0) refresh()
    const alsoAs = othersOfRaw.lookupKinds.length === 0 ? none : lookupsOf(othersOfRaw, token)
    // A copy in the shared pool: a run of rows holds a hundred thousand, and each digest has an allocation of
    // its own.
    return { lookup: Buffer.from(lookupOf(version, 'raw', bytes)), alsoAs }
  }

  function ofDigest(digest: string, kind: string): Found | Refused {
    const bytes = bytesOfKind(kind)
    if (bytes === undefined)
      return { refused: `digest_kind is none of ${Object.keys(digestBytes).join(', ')}` }
    if (kind.startsWith('hmac-') && ring.digestKey === undefined)
      return { refused: 'digest_kind hmac-sha256 needs legacy.hmac_key in the configuration' }
    const heard = hearDigest(digest, bytes)
    if (!heard) return { refused: `digest: not ${bytes} bytes in hex or base64` }
    if (!note(kind))
      return { refused: `digest_kind: there would be more than ${kindsMax} kinds in the database` }
    if (fresh.length > 0) refresh()
    const others = ring.versions.filter(
      (one) => one !== version && known.some((noted) => noted.version === one.version && noted.kind === kind),
    )
    return {
      lookup: Buffer.from(lookupOf(version, kind, heard)),
      alsoAs: others.map((one) => lookupOf(one, kind, heard)),
    }
  }

  return {
    of({ token, digest, digest_kind }: Values, fallbackKind: string | undefined): Found | Refused {
      if (token && digest) return { refused: 'the row has a token and a digest; it may have one of them' }
      if (token) return ofToken(token)
      if (!digest) return { refused: 'the row has neither a token nor a digest' }
      const kind = digest_kind ?? fallbackKind
      return kind === undefined ? { refused: 'digest_kind is missing' } : ofDigest(digest, kind)
    },
    takeNewKinds() {
      const taken = fresh
      fresh = []
      return taken
    },
  }
}

/** Bytes of a digest of this kind; `undefined`: there is no such kind. */
export function bytesOfKind(kind: string): number | undefined {
  const [name = '', after, ...rest] = kind.split('/after:')
  if (!Object.hasOwn(digestBytes, name) || rest.length > 0) return undefined
  if (after !== undefined && !(after.length > 0 && after.length <= 16 && isPlain(after))) return undefined
  return digestBytes[name as Exclude<DigestName, 'raw'>]
}
