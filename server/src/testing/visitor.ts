/** A visitor of the pages for tests: keeps cookies, follows nothing, fills in the form that a page shows. */
import type { FastifyInstance } from 'fastify'

export type Visit = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
  readonly location: string | undefined
}

export type Visitor = {
  /** The cookies that the browser holds, by name. */
  readonly cookies: Map<string, string>
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Visit>
  /** Sends fields as a form. */
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Visit>
  /** Sends a form that the page shows, with its hidden fields and what is typed in. */
  fill(
    page: Visit,
    action: RegExp,
    typed: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Visit>
}

export const visitor = (app: FastifyInstance): Visitor =>
  visiting(async ({ method, path, headers, payload }) => {
    const sent = { method, url: path, headers, ...(payload !== undefined && { payload }) }
    const answer = await app.inject(sent)
    return {
      status: answer.statusCode,
      headers: answer.headers as Visit['headers'], // Fastify allows numbers too, but sends text.
      text: answer.payload,
      location: answer.headers.location,
      setCookies: [answer.headers['set-cookie'] ?? []].flat(),
    }
  })

/** The same at a server that listens somewhere; `always` are headers of each request. */
export const visitorAt = (base: string, always: Readonly<Record<string, string>> = {}): Visitor =>
  visiting(async ({ method, path, headers, payload }) => {
    const sent = { method, redirect: 'manual', headers: { ...always, ...headers } } as const
    const answer = await fetch(base + path, payload === undefined ? sent : { ...sent, body: payload })
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      text: await answer.text(),
      location: answer.headers.get('location') ?? undefined,
      setCookies: answer.headers.getSetCookie(),
    }
  })

type SentByVisitor = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload: string | undefined
}

function visiting(
  send: (sent: SentByVisitor) => Promise<Visit & { readonly setCookies: readonly string[] }>,
): Visitor {
  const cookies = new Map<string, string>()

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    headers: Readonly<Record<string, string>>,
    payload?: string,
  ): Promise<Visit> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = { method, path, headers: { ...(cookie && { cookie }), ...headers }, payload }
    const { setCookies, ...visit } = await send(sent)
    for (const line of setCookies) keep(line)
    return visit
  }

  function keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const at = pair.indexOf('=')
    if (attributes.includes('Max-Age=0')) cookies.delete(pair.slice(0, at))
    else cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }

  const post: Visitor['post'] = (path, fields, headers) =>
    ask(
      'POST',
      path,
      { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      new URLSearchParams(fields).toString(),
    )

  return {
    cookies,
    get: (path, headers = {}) => ask('GET', path, headers),
    post,
    fill(page, action, typed, headers) {
      const form = formsOf(page.text).find((one) => action.test(one.action))
      if (!form) throw new Error(`The page shows no form to ${action}.`)
      return post(form.action, { ...form.hidden, ...typed }, headers)
    },
  }
}

export type Form = { readonly action: string; readonly hidden: Readonly<Record<string, string>> }

/** The forms of a page, as this server writes them. */
export const formsOf = (page: string): readonly Form[] =>
  [...page.matchAll(/<form[^>]* action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)].map(
    ([, action = '', inside = '']) => ({
      action: unescapeText(action),
      hidden: Object.fromEntries(
        [...inside.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(
          ([, name = '', value = '']) => [name, unescapeText(value)],
        ),
      ),
    }),
  )

const unescapeText = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
