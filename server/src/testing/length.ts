/** How much a test does: little in `npm test`, much more by `npm run test:long`. */
export const isLong = process.env.TOKENFERRY_TEST_LONG === '1'

/** Where it takes an hour, says how far it is. */
export function progress(text: string): void {
  if (isLong) console.log(`… ${text}`)
}

export const shortOrLong = (short: number, long: number): number => (isLong ? long : short)
