/** Where a sign-in leads back to: an app's authorization, or a page of the user's account. Nothing else. */
import type { AccountPath } from './account-paths.ts'
import { hearAccountPath, isShown } from './account-paths.ts'
import type { Hub } from './page.ts'

export type Return =
  | { readonly to: 'authorization'; readonly hub: Hub; readonly query: string }
  | { readonly to: 'account'; readonly path: AccountPath; readonly query: string }

/**
 * What a return address leads to. RFC 9700 §4.11.2: only a path of our own will do, in the one spelling in
 * which we write it; an address of another server, however it is spelled, is none.
 */
export function findReturn(hubs: readonly Hub[], returnTo: string | undefined): Return | undefined {
  // A browser drops tabs and line ends from an address.
  if (returnTo === undefined || !/^[\x21-\x7e]+$/.test(returnTo)) return undefined
  const [path, query] = divided(returnTo)
  const hub = query === undefined ? undefined : hubs.find((one) => one.path === path)
  if (hub && query !== undefined) return { to: 'authorization', hub, query }
  const account = hearAccountPath(path)
  return account && isShown(account) ? { to: 'account', path: account, query: query ?? '' } : undefined
}

function divided(address: string): readonly [string, string | undefined] {
  const at = address.indexOf('?')
  return at < 0 ? [address, undefined] : [address.slice(0, at), address.slice(at + 1)]
}
