/**
 * Three cookies. The session's holds the secret whose hash is the session's row. The form's ties a sign-in
 * form to the browser that it was shown in, before there is a session. Every form carries a token made from
 * its cookie, which another site can neither read nor make. The provider's holds, sealed, what a sign-in
 * there must come back with.
 */
import { equal, hmac } from '../kernel/ring.ts'

export type CookieName = 'session' | 'form' | 'provider'

const values: Readonly<Record<CookieName, RegExp>> = {
  session: /^[\w-]{43}$/,
  form: /^[\w-]{43}$/,
  provider: /^[\w-]+$/,
}

export type Cookies = {
  read(header: string | undefined, name: CookieName): string | undefined
  /** Without an age it goes when the browser is closed. */
  set(name: CookieName, value: string, maxAgeSeconds?: number): string
  clear(name: CookieName): string
}

/** `secure`: the public address is https. Then the prefix `__Host-` keeps other hosts from setting them. */
export function cookies(secure: boolean): Cookies {
  const nameOf = (name: CookieName): string => `${secure ? '__Host-' : ''}tokenferry_${name}`
  // Lax, since users come from other sites: a strict cookie would sign them out at every arrival.
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  return {
    read(header, name) {
      const start = `${nameOf(name)}=`
      const found = header?.split(/; */).find((pair) => pair.startsWith(start))
      const value = found?.slice(start.length)
      return value !== undefined && values[name].test(value) ? value : undefined
    },
    set(name, value, maxAgeSeconds) {
      const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`
      return `${nameOf(name)}=${value}; ${attributes}${age}`
    },
    clear: (name) => `${nameOf(name)}=; ${attributes}; Max-Age=0`,
  }
}

/** The token of a form, made from the cookie that the same browser holds. */
export const formToken = (cookie: string): string =>
  hmac(Buffer.from(cookie), 'tokenferry form').toString('base64url')

export const isFormToken = (token: string | undefined, cookie: string | undefined): boolean =>
  token !== undefined && cookie !== undefined && equal(Buffer.from(token), Buffer.from(formToken(cookie)))
