/** Where a user is signed in, and ending it. */
import type { Parameters } from '../http/parameters.ts'
import { perform } from '../kernel/kernel.ts'
import { endOtherSession } from '../kernel/operations/end-other-session.ts'
import { equal } from '../kernel/ring.ts'
import { noteOf } from './account-notes.ts'
import { sessionsPage } from './account-sessions-page.ts'
import type { AccountVisit } from './account-visit.ts'
import { askedBy, frameOf, seeOther } from './account-visit.ts'
import type { PageAnswer } from './page.ts'
import { refusedPage } from './page.ts'

/** All browsers at which the user is signed in, this one first. */
export async function showSessions(visit: AccountVisit, query: Parameters): Promise<PageAnswer> {
  const { desk, account, now } = visit
  const sessions = await desk.services.world.store.listSessions(account.user.id)
  const page = sessionsPage({
    frame: frameOf(visit, { page: 'sessions' }),
    note: await noteOf(visit, query),
    own: account.session,
    passwordPage: desk.ways.passwordPage,
    provider: desk.ways.provider?.at.name,
    others: sessions.filter(({ hash, expires }) => expires > now && !equal(hash, account.session.hash)),
  })
  return { status: 200, page, noted: {} }
}

/** Hears which sessions end. This browser's own ends by signing out. */
export async function endSessions(visit: AccountVisit, form: Parameters): Promise<PageAnswer> {
  const operation = 'end_other_session'
  const asked = form.get('session')?.[0] ?? ''
  const which = asked === 'others' ? 'others' : Buffer.from(asked, 'hex')
  const answer = await perform(endOtherSession, { ...askedBy(visit), which }, visit.desk.services.world)
  const done = which === 'others' ? 'others_ended' : 'ended'
  // A session that is not there has ended: by a second press, or by itself.
  const isSo =
    'granted' in answer ||
    answer.refused.reason === 'nothing_to_change' ||
    answer.refused.reason === 'record_unknown'
  return isSo
    ? seeOther(visit.desk, { page: 'sessions' }, { done }, { operation })
    : refusedPage(visit.desk, answer.refused, operation)
}
