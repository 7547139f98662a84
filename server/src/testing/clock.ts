/** A clock that stands still until a test moves it on. */
export type Clock = { readonly now: number; advance(milliseconds: number): void }

export function clockAt(start: number): Clock {
  let now = start
  return {
    get now() {
      return now
    },
    advance(milliseconds) {
      now += milliseconds
    },
  }
}
