/** What a user allowed an app before: it is answered without a question, and shown but not asked again. */
import type { User } from '../records.ts'
import { within } from '../scopes.ts'
import type { Checked, Step, Subject } from './authorization.ts'

/** The scopes that need no new question; absent where everything does. */
function remembered(
  { connection }: Subject,
  { client, redirectUri }: Pick<Checked, 'client' | 'redirectUri'>,
): readonly string[] | undefined {
  if (connection?.status !== 'live' || connection.confirmation === 'pending') return undefined
  // RFC 8252 §8.6: any program on the user's machine can pass for an app without a secret, unless its address
  // is a site's.
  const isKnownApp = client.type === 'confidential' || redirectUri.startsWith('https://')
  return isKnownApp ? connection.scopes : undefined
}

/** Whether the user has allowed this before, so that a lost answer is recovered by asking again. */
export function wasAllowed(subject: Subject, checked: Checked): boolean {
  const before = remembered(subject, checked)
  return before !== undefined && within(checked.scopes, before)
}

/**
 * Whether a page that showed these scopes as asked for has shown all that would be new: nobody allows what
 * they have not seen. What the page showed as allowed before must still be so: it may have been taken back.
 */
export function hasShownAll(subject: Subject, checked: Checked, shown: readonly string[]): boolean {
  const before = remembered(subject, checked) ?? []
  return within(shown, checked.scopes) && within(checked.scopes, [...shown, ...before])
}

/** The question. With several subjects each has allowed something else before, so all is asked. */
export function ask(checked: Checked, user: User): Step {
  const { client, redirectUri, responseMode, scopes, subjects, denied } = checked
  const [only, another] = subjects
  const allowedBefore = (only && !another && remembered(only, checked)) || []
  return { client, redirectUri, responseMode, next: 'ask', user, scopes, allowedBefore, subjects, denied }
}
