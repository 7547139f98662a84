/** What each connection asks next, for each operation. */
import { codeVerifier, redirectUri } from './rows.ts'
import type { Supply } from './supplies.ts'
import { proof, refreshForm } from './supplies.ts'
import type { OperationName } from './who.ts'
import type { Turn } from './wire.ts'
import { textIn } from './wire.ts'

export type Asking = {
  /** What has to be there before so many requests are made, of so many connections. */
  prepare(requests: number, connections: number): Promise<void>
  next(connection: number): Turn | undefined
}

const legacyType = encodeURIComponent('urn:tokenferry:params:oauth:token-type:legacy')
const exchangeType = encodeURIComponent('urn:ietf:params:oauth:grant-type:token-exchange')
const exchangeForm = (token: string): string =>
  `grant_type=${exchangeType}&subject_token_type=${legacyType}&${proof}&subject_token=${token}`
const codeForm = (code: string): string =>
  `grant_type=authorization_code&${proof}&code=${code}&redirect_uri=${encodeURIComponent(redirectUri)}` +
  `&code_verifier=${codeVerifier}`
const clientForm = `grant_type=client_credentials&${proof}&scope=${encodeURIComponent('read write')}`

const nothing = async (): Promise<void> => undefined

/** Made once for each subject of a setup, so that chains go on from round to round. */
export const askings: Readonly<Record<OperationName, (supply: Supply) => Asking>> = {
  exchange: (supply) => ({
    prepare: nothing,
    next() {
      const token = supply.legacyToken()
      return token === undefined ? undefined : { form: exchangeForm(token) }
    },
  }),
  refresh: askRefresh,
  code: askCode,
  client_credentials: () => ({ prepare: nothing, next: () => ({ form: clientForm }) }),
  introspect(supply) {
    let tokens: readonly string[] | undefined
    let asked = 0
    return {
      async prepare() {
        tokens ??= await supply.accessTokens()
      },
      next() {
        asked += 1
        return { form: `${proof}&token=${tokens?.[asked % tokens.length]}`, heard: isActive }
      },
    }
  },
}

function isActive(body: string): void {
  if (!/"active": ?true/.test(body)) throw new Error(`A token is not active: ${body}`)
}

/** Each connection owns some chains, and presents the newest token of each in turn. */
function askRefresh(supply: Supply): Asking {
  let chains: string[] | undefined
  let mine = 1
  let turns: number[] = []
  return {
    async prepare(_requests, connections) {
      chains ??= await supply.chains()
      mine = Math.max(1, Math.floor(chains.length / connections))
      turns = new Array<number>(connections).fill(0)
    },
    next(connection) {
      const turn = turns[connection] ?? 0
      turns[connection] = turn + 1
      const all = chains ?? []
      const chain = connection * mine + (turn % mine)
      return {
        form: refreshForm(all[chain] ?? ''),
        heard: (body) => {
          all[chain] = textIn(body, 'refresh_token')
        },
      }
    },
  }
}

function askCode(supply: Supply): Asking {
  let codes: readonly string[] = []
  let used = 0
  return {
    async prepare(requests) {
      if (codes.length - used >= requests) return
      codes = [...codes.slice(used), ...(await supply.codes(requests - (codes.length - used)))]
      used = 0
    },
    next() {
      const code = codes[used]
      used += 1
      return code === undefined ? undefined : { form: codeForm(code) }
    },
  }
}
