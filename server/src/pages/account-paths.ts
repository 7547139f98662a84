/** The addresses of the account's pages, heard and said in one place. */

/** Where a form is sent to. */
export type FormPath =
  | { readonly page: 'confirm' | 'uninstall'; readonly number: number }
  | { readonly page: 'sessions' }
  | { readonly page: 'bar' | 'unbar'; readonly organizationId: string; readonly clientId: string }

export type AccountPath =
  | FormPath
  | { readonly page: 'apps' }
  | { readonly page: 'app'; readonly number: number }
  | { readonly page: 'organization'; readonly organizationId: string }
  | { readonly page: 'organization app'; readonly organizationId: string; readonly clientId: string }

/** At some addresses there is nothing to see. */
export const isShown = ({ page }: AccountPath): boolean => page !== 'confirm' && page !== 'unbar'

export const isForm = (to: AccountPath): to is FormPath =>
  !isShown(to) || to.page === 'uninstall' || to.page === 'sessions' || to.page === 'bar'

/** The page that shows a form. */
export function pageOf(to: FormPath): AccountPath {
  if (to.page === 'confirm') return { ...to, page: 'app' }
  return to.page === 'unbar' ? { ...to, page: 'organization app' } : to
}

/** What a path without its query leads to. Only the one spelling that `sayAccountPath` gives is heard. */
export function hearAccountPath(path: string): AccountPath | undefined {
  const heard = hear(path)
  return heard && sayAccountPath(heard) === path ? heard : undefined
}

function hear(path: string): AccountPath | undefined {
  const [, room, list, id, ...more] = path.split('/').map(decoded)
  // A browser takes a segment of dots for a way up, however it is spelled.
  if (
    room !== 'account' ||
    [id, ...more].some((segment) => segment !== undefined && /^\.{0,2}$/.test(segment))
  )
    return undefined
  if (list === 'apps') return id === undefined ? { page: 'apps' } : hearApp(Number(id), more)
  if (list === 'sessions' && id === undefined) return { page: 'sessions' }
  return list === 'organizations' && id !== undefined ? hearOrganization(id, more) : undefined
}

function hearApp(number: number, [action, ...more]: readonly string[]): AccountPath | undefined {
  if (!Number.isSafeInteger(number) || number <= 0 || more.length > 0) return undefined
  if (action === undefined) return { page: 'app', number }
  return action === 'confirm' || action === 'uninstall' ? { page: action, number } : undefined
}

function hearOrganization(
  organizationId: string,
  [list, clientId, action, ...more]: readonly string[],
): AccountPath | undefined {
  if (list !== 'apps' || more.length > 0) return undefined
  if (clientId === undefined) return { page: 'organization', organizationId }
  if (action === undefined) return { page: 'organization app', organizationId, clientId }
  if (action === 'uninstall') return { page: 'bar', organizationId, clientId }
  return action === 'allow' ? { page: 'unbar', organizationId, clientId } : undefined
}

/** The path, below the public address. */
export function sayAccountPath(to: AccountPath): string {
  switch (to.page) {
    case 'apps':
    case 'sessions':
      return `/account/${to.page}`
    case 'app':
      return `/account/apps/${to.number}`
    case 'confirm':
    case 'uninstall':
      return `/account/apps/${to.number}/${to.page}`
    case 'organization':
      return `/account/organizations/${encodeURIComponent(to.organizationId)}/apps`
    case 'organization app':
      return organizationApp(to)
    case 'bar':
      return `${organizationApp(to)}/uninstall`
    case 'unbar':
      return `${organizationApp(to)}/allow`
  }
}

const organizationApp = (to: { readonly organizationId: string; readonly clientId: string }): string =>
  `/account/organizations/${encodeURIComponent(to.organizationId)}/apps/${encodeURIComponent(to.clientId)}`

/** A segment that cannot be decoded becomes none that is known. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return '/'
  }
}
