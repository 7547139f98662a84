/** How a sentence comes by the names that a refusal carries. */
import type { Refusal } from '../kernel/refusals.ts'

/**
 * A sentence with its places filled in: `<parameter>` by the parameter's name, `<accepted>` by what would be
 * right, `<credential>` by what this endpoint calls the credential that it takes.
 */
export function fillIn(sentence: string, { parameter, accepted }: Refusal, credential: string): string {
  const names: Readonly<Record<string, string>> = {
    '<parameter>': parameter ?? 'body',
    '<accepted>': accepted?.length ? accepted.join(' or ') : 'valid',
    '<credential>': credential,
  }
  return sentence.replaceAll(/<\w+>/g, (place) => names[place] ?? place)
}

/** Our own sentence, with the parameter that it is about and what would be accepted. */
export function explain(says: string, { parameter, accepted }: Refusal): string {
  const about = parameter === undefined ? '' : ` (${parameter})`
  return `${says.slice(0, -1)}${about}.${accepted?.length ? ` Accepted: ${accepted.join(', ')}.` : ''}`
}
