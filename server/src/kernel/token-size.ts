/**
 * How much an access token can be made to say. It goes in a header, and servers take 16 KiB of those in all:
 * with what a token says besides, these come to fewer than 12,000 characters.
 */
const bytesOf = (list: readonly string[]): number => Buffer.byteLength(JSON.stringify(list))

/** All that a client may have: it gets a token for all of them where it names none. */
export const scopesFit = (scopes: readonly string[]): boolean => bytesOf(scopes) <= 6_000

/** Resources and audiences that an app names in one request. */
export const targetsFit = (targets: readonly string[]): boolean => bytesOf(targets) <= 2_000
