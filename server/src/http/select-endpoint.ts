/** Which endpoint a request is for, of those at its route, and what it says to it. */
import type { Dialect, Endpoint, Others } from '../dialects/dialect.ts'
import type { Refusal } from '../kernel/refusals.ts'
import type { Request } from './answer.ts'
import type { Parameters as HeardParameters } from './parameters.ts'
import { hearBody, hearForm, printable, repeatedIn } from './parameters.ts'

/** The parameters of the body, and those in the address that the endpoint takes from there. */
export function hearParameters(
  request: Request,
  endpoint: Endpoint,
  dialect: Dialect,
): HeardParameters | { refusal: Refusal } {
  const body = hearBody(endpoint.body, headerOf(request, 'content-type'), request.body)
  if ('refusal' in body) return body
  if (request.query === '') return body
  const query = hearForm(request.query)
  if ('refusal' in query) return query
  const merged = new Map(body)
  for (const [name, values] of query) {
    if (endpoint.inQuery?.includes(name)) merged.set(name, [...(merged.get(name) ?? []), ...values])
    else if (dialect.query === 'refused') return { refusal: { reason: 'query_not_allowed' } }
  }
  return merged
}

type Selected = { readonly endpoint: Endpoint } | { readonly refusal: Refusal }

/** The endpoint whose `when` fits; a parameter that stands there twice makes none fit. */
export function select(endpoints: readonly Endpoint[], heard: HeardParameters): Selected {
  const many = (name: string): boolean => endpoints.some(({ takes }) => takes[name] === 'many')
  const repeated = repeatedIn(heard, many)
  if (repeated !== undefined) return { refusal: { reason: 'parameter_repeated', parameter: repeated } }
  const fitting = endpoints.find(({ when }) =>
    Object.entries(when ?? {}).every(([name, value]) => heard.get(name)?.[0] === value),
  )
  if (fitting) return { endpoint: fitting }
  const [name = 'grant_type'] = endpoints.flatMap(({ when }) => Object.keys(when ?? {}))
  const accepted = endpoints.flatMap(({ when }) => when?.[name] ?? [])
  if (!heard.has(name)) return { refusal: { reason: 'grant_type_missing', parameter: name, accepted } }
  return { refusal: { reason: 'grant_type_unsupported', parameter: name, accepted } }
}

/** The first parameter that is required and not there. */
export function missingIn(heard: HeardParameters, { takes }: Endpoint): Refusal | undefined {
  const parameter = Object.keys(takes).find((name) => takes[name] === 'required' && !heard.has(name))
  return parameter === undefined ? undefined : { reason: 'parameter_missing', parameter }
}

/** The values as `takes` describes them; the types were checked where the endpoint was written. */
export const valuesOf = (heard: HeardParameters, { takes }: Endpoint) =>
  Object.fromEntries(
    Object.entries(takes).map(([name, kind]) => [
      name,
      kind === 'many' ? (heard.get(name) ?? []) : heard.get(name)?.[0],
    ]),
  ) as Parameters<Endpoint['hear']>[0]

const othersMax = 20
const otherNameMax = 100
const otherValueMax = 1000

/** What the endpoint does not know by name, where it wants that; whatever it keeps of them is bounded. */
export function othersIn(heard: HeardParameters, { takes, when = {}, othersBut }: Endpoint): Others {
  const others = new Map<string, string>()
  if (!othersBut) return others
  const known = new Set([...Object.keys(takes), ...Object.keys(when), ...othersBut])
  for (const [name, [value = '']] of heard) {
    if (known.has(name)) continue
    if (others.size >= othersMax || name.length > otherNameMax || value.length > otherValueMax)
      return { refusal: { reason: 'parameter_malformed', parameter: printable(name) } }
    others.set(name, value)
  }
  return others
}

const headerOf = ({ headers }: Pick<Request, 'headers'>, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}
