/**
 * Pages of the demo alone: what there is to try, and where the sample apps wait for their users, so that the
 * walk through the pages ends somewhere. It shows what the app got; a real app would redeem it and show
 * nothing.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { sampleUsername } from '../demo.ts'
import type { Mount } from '../http/answer.ts'
import type { Client } from '../kernel/records.ts'
import { sha256 } from '../kernel/ring.ts'
import { devCallbacksPath } from './dev-callbacks.ts'
import { devMailPath } from './dev-mail.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'
import { layout } from './layout.ts'
import { hubsOf } from './page.ts'
import type { PlaceOptions } from './places.ts'
import { placesOf } from './places.ts'
import { headersOf, languageHeaders } from './routes.ts'

export type SampleAppOptions = PlaceOptions & {
  readonly mounts: readonly Mount[]
  readonly clients: () => Promise<readonly Client[]>
  /** Where the demo's secrets and tokens are listed. */
  readonly demoFile: string
  /** Whether there is a page of the mails that would have been sent. */
  readonly hasMails?: boolean
}

/** What the links' codes are redeemed with. A real app makes one for each user and shows it to nobody. */
const codeVerifier = 'the-verifier-of-the-demo-is-the-same-for-everybody'

export const sampleApp =
  (options: SampleAppOptions) =>
  (app: FastifyInstance): void => {
    const placeFor = placesOf(options)
    app.get('/', { exposeHeadRoute: true }, async (request, raw) => {
      const place = placeFor(request.headers['accept-language'])
      return send(raw, place, homePage(place, options, await options.clients()))
    })
    app.get('/callback', { exposeHeadRoute: true }, (request, raw) => {
      const { searchParams } = new URL(request.raw.url ?? '/', options.publicUrl)
      const place = placeFor(request.headers['accept-language'])
      return send(raw, place, callbackPage(place, searchParams))
    })
  }

const send = (raw: FastifyReply, place: Place, page: Html): FastifyReply =>
  raw
    .headers({ ...headersOf(undefined), ...languageHeaders(place) })
    .header('content-type', 'text/html; charset=utf-8')
    .send(page.html)

function homePage(place: Place, options: SampleAppOptions, clients: readonly Client[]): Html {
  const words = place.words.sampleApp
  const links = authorizeLinks(options, clients)
  return layout(
    place,
    words.home.title,
    html`<h1>${words.home.title}</h1>
<p>${words.home.text}</p>
<p>${words.home.demoFile} <code>${options.demoFile}</code></p>
<p class="label" id="dialects">${words.home.dialects}</p>
<ul aria-labelledby="dialects">
${options.mounts.map(({ dialect, prefix }) => {
  const link = links.get(dialect.name)
  return html`<li>${dialect.name}: ${dialect.title}, <code>${prefix || '/'}</code>${
    link &&
    html`<br><a href="${link.allow}">${words.home.allow}</a>, ${words.home.signInAs} <code>${sampleUsername(dialect.name)}</code>`
  }${link?.identify !== undefined && html`<br><a href="${link.identify}">${words.home.identify}</a>`}</li>\n`
})}</ul>
<p class="label">${words.home.users}</p>
<p>${words.home.usersText}</p>
<ul>
<li><a href="${place.base}/account/apps">${words.home.apps}</a></li>
${options.hasMails && html`<li><a href="${place.base}${devMailPath}">${words.home.mails}</a></li>`}
<li><a href="${place.base}${devCallbacksPath}">${words.home.callbacks}</a></li>
</ul>
<p class="quiet">${words.home.verifier} <code>${codeVerifier}</code></p>`,
  )
}

/** `identify`: with an id_token in the answer, where the dialect's page has such an answer. */
type Links = { readonly allow: string; readonly identify: string | undefined }

/** For each dialect with an authorize page, where a sample app would send its users. */
function authorizeLinks(
  { mounts, publicUrl }: SampleAppOptions,
  clients: readonly Client[],
): ReadonlyMap<string, Links> {
  const base = publicUrl.replace(/\/+$/, '')
  const callback = `${base}/callback`
  return new Map(
    hubsOf(mounts).flatMap(({ mount, page, path }) => {
      const { name } = mount.dialect
      const client = clients.find(
        (one) => one.dialect === name && one.type === 'confidential' && one.redirectUris.includes(callback),
      )
      if (!client) return []
      const asked = {
        response_type: 'code',
        client_id: client.id,
        redirect_uri: callback,
        state: 'any-state',
        prompt: 'consent',
        code_challenge: sha256(codeVerifier).toString('base64url'),
        code_challenge_method: 'S256',
      }
      const both = page.responseTypes?.find((one) => one === 'code id_token')
      const link = (query: Readonly<Record<string, string>>): string =>
        `${base}${path}?${new URLSearchParams(query)}`
      const identify = both && link({ ...asked, response_type: both, nonce: 'any-nonce' })
      return [[name, { allow: link(asked), identify }] as const]
    }),
  )
}

function callbackPage(place: Place, got: URLSearchParams): Html {
  const words = place.words.sampleApp
  const error = got.get('error') ?? got.get('error_code')
  const text = got.has('code')
    ? words.allowed
    : error === null
      ? words.bare
      : error === 'access_denied'
        ? words.denied
        : words.refused(error)
  return layout(
    place,
    words.title,
    html`<h1>${words.title}</h1>
<p>${text}</p>
${got.size === 0 && html`<p>${words.behind}</p>`}
<dl>
${[...got].map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>\n`)}</dl>
<p><a href="${place.base}/">${words.toHome}</a></p>`,
  )
}
