/** What the log says of work that could not be done just now, and that no request waits for. */
import { StoreUnavailable } from './kernel/store.ts'

/** A database that is away says all in a sentence, at every turn; of anything else the stack is wanted. */
export const troubleLine = (error: unknown): object => ({
  reason: 'unavailable',
  ...(error instanceof StoreUnavailable ? { problem: error.message } : { err: error }),
})
