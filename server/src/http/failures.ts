/** What was thrown on the way of a request, as a reason: most of it is the caller's. */
import type { FastifyRequest } from 'fastify'
import type { Reason } from '../kernel/refusals.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import { drained } from './connections.ts'

/** The reason, once it can be told. `aborted`: nobody is there any more to be told anything. */
export async function reasonOfFailure(error: unknown, request: FastifyRequest): Promise<Reason | 'aborted'> {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  if (code === 'ECONNRESET' && request.raw.destroyed) {
    request.log.info({ request_id: request.id, address: request.ip, reason: 'aborted' })
    return 'aborted'
  }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    await drained(request.raw)
    return 'body_too_large'
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return 'content_type_unsupported'
  // Other errors of the framework itself (a bad address, a length that does not fit) are the caller's.
  if (typeof code === 'string' && code.startsWith('FST_ERR_')) return 'body_malformed'
  const line = { request_id: request.id }
  // A database that is away says all in a sentence, for every request; of a bug of ours the stack is wanted.
  if (error instanceof StoreUnavailable) {
    request.log.error({ ...line, reason: 'unavailable', problem: error.message })
    return 'unavailable'
  }
  request.log.error({ ...line, reason: 'internal', err: error })
  return 'internal'
}
