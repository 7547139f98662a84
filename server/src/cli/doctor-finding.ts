/** What `tokenferry doctor` says of one thing. */
export type Finding = {
  readonly result: 'ok' | 'warn' | 'fail'
  readonly about: string
  readonly says: string
}

export const ok = (about: string, says: string): Finding => ({ result: 'ok', about, says })
export const warn = (about: string, says: string): Finding => ({ result: 'warn', about, says })
export const fail = (about: string, says: string): Finding => ({ result: 'fail', about, says })

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
