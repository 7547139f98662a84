import { grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import { answerRequest } from './answer-authorization.ts'
import type { AuthorizationFacts, AuthorizationInput, Step } from './authorization.ts'
import { lookForAuthorization } from './authorization.ts'
import { checkAuthorization } from './check-authorization.ts'
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
    const { client, redirectUri, responseMode, user, refusal, subjects, denied } = checked
    const to = { client, redirectUri, responseMode }
    if (refusal) return granted<Step>({ ...to, next: 'refuse', refusal })
    const { prompt } = input.request
    const unasked = prompt === 'none'
    const interaction = { ...to, next: 'refuse', refusal: { reason: 'interaction_required' } } as const
    if (!user) return granted<Step>(unasked ? interaction : { ...to, next: 'sign in' })
    if (denied && input.rules.denied) return granted<Step>({ ...to, next: 'refuse', refusal: denied })

    // With several organizations the user says which, each time: else a second one could never be connected.
    const allowed = subjects.filter((subject) => wasAllowed(subject, checked))
    const [subject, another] = unasked || subjects.length === 1 ? allowed : []
    if (subject && !another && prompt !== 'consent') {
      const { step, writes } = answerRequest(input, checked, subject, user, moment)
      return granted(step, ...writes)
    }
    if (unasked) return granted<Step>(interaction)
    return granted<Step>(ask(checked, user))
  },
}
