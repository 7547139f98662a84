import { grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { AuthorizationFacts, AuthorizationInput, Step } from './authorization.ts'
import { answerWithCode, checkAuthorization, lookForAuthorization } from './authorization.ts'
import { ask, wasAllowed } from './consent-memory.ts'

/**
 * Says what comes next for a user whom an app has sent here (RFC 6749 §4.1.1): sign in, be asked, or, where
 * all was allowed before, go back with a code at once.
 */
export const beginAuthorization: Operation<AuthorizationInput, AuthorizationFacts, Step> = {
  look: lookForAuthorization,

  decide(input, facts, moment) {
    const checked = checkAuthorization(input, facts, moment.now)
    if ('reason' in checked) return refuse(checked)
    const { client, redirectUri, user, refusal } = checked
    const to = { client, redirectUri }
    if (refusal) return granted<Step>({ ...to, next: 'refuse', refusal })
    const { prompt } = input.request
    const unasked = prompt === 'none'
    const interaction = { ...to, next: 'refuse', refusal: { reason: 'interaction_required' } } as const
    if (!user) return granted<Step>(unasked ? interaction : { ...to, next: 'sign in' })

    // With several organizations the user says which, each time: else a second one could never be connected.
    const allowed = facts.subjects.filter((subject) => wasAllowed(subject, checked))
    const [subject, another] = unasked || facts.subjects.length === 1 ? allowed : []
    if (subject && !another && prompt !== 'consent') {
      const { step, write } = answerWithCode(input, checked, subject, user, moment)
      return granted(step, write)
    }
    if (unasked) return granted<Step>(interaction)
    return granted<Step>(ask(checked, user, facts))
  },
}
