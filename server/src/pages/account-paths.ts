/** The addresses of the account's pages, heard and said in one place. */

/** Where a form is sent to. */
export type FormPath =
  | { readonly page: 'confirm' | 'uninstall'; readonly number: number }
  | { readonly page: 'sessions' }
  | {
      readonly page: 'bar' | 'unbar' | 'connect app' | 'enable app' | 'disable app'
      readonly organizationId: string
      readonly clientId: string
    }

export type AccountPath =
  | FormPath
  | { readonly page: 'apps' }
  | { readonly page: 'app'; readonly number: number }
  | { readonly page: 'organization' | 'connect'; readonly organizationId: string }
  | { readonly page: 'organization app'; readonly organizationId: string; readonly clientId: string }

type PageName = AccountPath['page']

/** At some addresses there is nothing to see: what is sent there stands on another page. */
const formsAlone: ReadonlySet<PageName> = new Set<PageName>(['confirm', 'unbar', 'enable app', 'disable app'])

const formsShown: ReadonlySet<PageName> = new Set<PageName>(['uninstall', 'sessions', 'bar', 'connect app'])

export const isShown = ({ page }: AccountPath): boolean => !formsAlone.has(page)

export const isForm = (to: AccountPath): to is FormPath => !isShown(to) || formsShown.has(to.page)

/** The page that shows a form. */
export function pageOf(to: FormPath): AccountPath {
  switch (to.page) {
    case 'confirm':
      return { ...to, page: 'app' }
    case 'unbar':
      return { ...to, page: 'organization app' }
    case 'enable app':
    case 'disable app':
      return { ...to, page: 'connect app' }
    default:
      return to
  }
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
  if (more.length > 0) return undefined
  if (list === 'connect') return hearConnect(organizationId, clientId, action)
  if (list !== 'apps') return undefined
  if (clientId === undefined) return { page: 'organization', organizationId }
  if (action === undefined) return { page: 'organization app', organizationId, clientId }
  if (action === 'uninstall') return { page: 'bar', organizationId, clientId }
  return action === 'allow' ? { page: 'unbar', organizationId, clientId } : undefined
}

function hearConnect(
  organizationId: string,
  clientId: string | undefined,
  action: string | undefined,
): AccountPath | undefined {
  if (clientId === undefined) return { page: 'connect', organizationId }
  if (action === undefined) return { page: 'connect app', organizationId, clientId }
  if (action === 'enable') return { page: 'enable app', organizationId, clientId }
  return action === 'disable' ? { page: 'disable app', organizationId, clientId } : undefined
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
      return `${organizationOf(to)}/apps`
    case 'organization app':
      return organizationApp(to)
    case 'bar':
      return `${organizationApp(to)}/uninstall`
    case 'unbar':
      return `${organizationApp(to)}/allow`
    case 'connect':
      return `${organizationOf(to)}/connect`
    case 'connect app':
      return connectApp(to)
    case 'enable app':
      return `${connectApp(to)}/enable`
    case 'disable app':
      return `${connectApp(to)}/disable`
  }
}

type OrganizationThere = { readonly organizationId: string }
type AppThere = OrganizationThere & { readonly clientId: string }

const organizationOf = ({ organizationId }: OrganizationThere): string =>
  `/account/organizations/${encodeURIComponent(organizationId)}`

const organizationApp = (to: AppThere): string =>
  `${organizationOf(to)}/apps/${encodeURIComponent(to.clientId)}`

const connectApp = (to: AppThere): string =>
  `${organizationOf(to)}/connect/${encodeURIComponent(to.clientId)}`

/** A segment that cannot be decoded becomes none that is known. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return '/'
  }
}
