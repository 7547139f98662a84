/** A user signs in and allows an app, through the real pages: how a transcript comes by a code. */
import type { TestDeployment } from './deployment.ts'
import { formsOf, visitor } from './visitor.ts'

/** What the app's redirect address gets. `query` is that of the authorization request. */
export async function allow(host: TestDeployment, name: string, query: string): Promise<URLSearchParams> {
  const mount = host.deployment.mounts.find(({ dialect }) => dialect.name === name)
  const person = host.people.get(name)
  if (!mount?.dialect.authorize || !person) throw new Error(`Nobody allows an app of ${name} anything.`)
  const user = visitor(host.app)
  let page = await user.get(`${mount.prefix}${mount.dialect.authorize.path}?${query}`)
  // Sign in, consent, and a redirect between each of them.
  for (let step = 0; step < 6; step += 1) {
    if (page.location !== undefined) {
      const to = new URL(page.location, host.config.public_url)
      const told = [to.searchParams, new URLSearchParams(to.hash.slice(1))].find(isAnswer)
      if (told) return told
      page = await user.get(to.pathname + to.search)
    } else if (formsOf(page.text).some(({ action }) => action.includes('sign-in'))) {
      page = await user.fill(page, /sign-in/, { username: person.username, password: person.password })
    } else {
      page = await user.fill(page, /authorize/, { decision: 'allow' })
    }
  }
  throw new Error(`The pages of ${name} led nowhere; the last one was ${page.status}.`)
}

const isAnswer = (told: URLSearchParams): boolean =>
  ['code', 'id_token', 'error', 'error_code'].some((name) => told.has(name))
