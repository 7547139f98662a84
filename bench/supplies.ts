/** What the load asks with: legacy tokens, refresh tokens, codes and access tokens of each subject. */
import { parseConfig } from '../server/src/config.ts'
import { chainsOf, codesIn } from './dataset.ts'
import { load } from './load.ts'
import type { Place } from './place.ts'
import { clientId, clientSecret, codeOf, legacyTokenOf } from './rows.ts'
import type { Kind } from './serve-peer.ts'
import type { Subject } from './subjects.ts'
import type { Signature, SubjectName } from './who.ts'
import { subjectKinds } from './who.ts'
import { textIn } from './wire.ts'

export type Supply = {
  /** `undefined`: all were exchanged. */
  legacyToken(): string | undefined
  /** So many refresh tokens, each of another grant. */
  chains(): Promise<string[]>
  /** As many as there are, at most so many. */
  codes(count: number): Promise<string[]>
  accessTokens(): Promise<string[]>
}

export const proof = `client_id=${clientId}&client_secret=${clientSecret}`
export const refreshForm = (token: string): string =>
  `grant_type=refresh_token&${proof}&refresh_token=${token}`

/** Ours and the floor's stand in their databases; peers make theirs, fewer, in their favour. */
const chainsCount = { ours: 8192, peer: 2048 }
const accessTokensCount = 1024

export function supplyOf(
  name: SubjectName,
  { place, subject, signature }: { place: Place; subject: Subject; signature: Signature },
): Supply {
  const { rows } = place.data
  const left = place.left[name]
  const legacyToken = (): string | undefined => {
    if (left.legacyTokens >= rows) return undefined
    left.legacyTokens += 1
    return legacyTokenOf(left.legacyTokens - 1)
  }
  const many = Math.min(chainsCount.ours, rows / 16)

  async function made(kind: Kind, count: number, from: number): Promise<string[]> {
    const url = `http://127.0.0.1:${subject.ports[0]}/bench/${kind}?from=${from}&count=${count}`
    const response = await fetch(url)
    if (!response.ok) throw new Error(`${name} could not make what the load needs.`)
    return (await response.json()) as string[] // The peers' own text.
  }

  /** Of refreshes, so that each is of a grant that stands in the database. */
  async function refreshed(chains: readonly string[]): Promise<string[]> {
    const tokens: string[] = []
    let asked = 0
    await load({
      ports: subject.ports,
      path: subjectKinds[name].tokenPath,
      connections: 8,
      warmUpSeconds: 0,
      seconds: 60,
      used: subject.used,
      next() {
        const token = asked < accessTokensCount ? chains[asked] : undefined
        asked += 1
        return token === undefined
          ? undefined
          : { form: refreshForm(token), heard: (body) => tokens.push(textIn(body, 'access_token')) }
      },
    })
    return tokens
  }

  if (name === 'ours-sqlite' || name === 'ours-postgres') {
    const chains = (): Promise<string[]> => {
      left.chains += many
      const config = parseConfig(place.configText(name, signature), 'bench')
      return chainsOf(config, rows, left.chains - many, many)
    }
    return {
      legacyToken,
      chains,
      async codes(count) {
        const from = left.codes
        left.codes = Math.min(from + count, codesIn(rows))
        return Array.from({ length: left.codes - from }, (_, at) => codeOf(from + at))
      },
      accessTokens: async () => refreshed(await chains()),
    }
  }
  if (name === 'floor') {
    const step = Math.floor(rows / 2 / many)
    const chains = async (): Promise<string[]> =>
      Array.from({ length: many }, (_, at) => `tfr_${String(at * step + 1).padStart(16, '0')}`)
    return {
      legacyToken,
      chains,
      // What it must do is the same, and so is its row.
      async codes(count) {
        const tokens = Array.from({ length: count }, legacyToken)
        return tokens.filter((token) => token !== undefined)
      },
      accessTokens: async () => refreshed(await chains()),
    }
  }
  return {
    legacyToken,
    chains: () => made('refresh', chainsCount.peer, 0),
    codes: (count) => made('code', count, 0),
    accessTokens: () => made('access', accessTokensCount, 0),
  }
}
