/**
 * Pages of the demo alone: the mails that it has written into a folder instead of sending them. Whoever
 * reaches the demo reads everybody's, so nothing but the demo has them.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'
import { layout } from './layout.ts'
import type { PlaceOptions } from './places.ts'
import { placesOf } from './places.ts'
import { headersOf, languageHeaders } from './routes.ts'

/** A mail as it would have arrived. */
export type WrittenMail = {
  readonly to: string
  readonly subject: string
  readonly date: string
  readonly text: string
  readonly html: string
}

export type WrittenMails = {
  /** The newest first. */
  list(): Promise<readonly (WrittenMail & { readonly name: string })[]>
  read(name: string): Promise<WrittenMail | undefined>
}

export const devMailPath = '/dev/mail'

export const devMail =
  (options: PlaceOptions & { readonly mails: WrittenMails }) =>
  (app: FastifyInstance): void => {
    const placeFor = placesOf(options)
    const { mails } = options
    type Named = { readonly Params: { readonly name: string } }
    app.get(devMailPath, { exposeHeadRoute: true }, async (request, raw) => {
      const place = placeFor(request.headers['accept-language'])
      return send(raw, place, listPage(place, await mails.list()))
    })
    app.get<Named>(`${devMailPath}/:name`, { exposeHeadRoute: true }, async ({ params, headers }, raw) => {
      const place = placeFor(headers['accept-language'])
      const mail = await mails.read(params.name)
      if (!mail) return send(raw.status(404), place, listPage(place, await mails.list()))
      return send(raw, place, mailPage(place, params.name, mail))
    })
    app.get<Named>(
      `${devMailPath}/:name/html`,
      { exposeHeadRoute: true },
      async ({ params, headers }, raw) => {
        const mail = await mails.read(params.name)
        if (mail) return raw.headers(htmlHeaders).send(mail.html)
        const place = placeFor(headers['accept-language'])
        return send(raw.status(404), place, listPage(place, await mails.list()))
      },
    )
  }

const send = (raw: FastifyReply, place: Place, page: Html): FastifyReply =>
  raw
    .headers({ ...headersOf(undefined), ...languageHeaders(place) })
    .header('content-type', 'text/html; charset=utf-8')
    .send(page.html)

/** A mail program would let it style itself and nothing more; its links leave it as those of a mail do. */
const htmlHeaders = {
  ...headersOf(undefined),
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    'sandbox allow-top-navigation-by-user-activation',
  ].join('; '),
}

function listPage(place: Place, mails: Awaited<ReturnType<WrittenMails['list']>>): Html {
  const words = place.words.sampleApp.mails
  return layout(
    place,
    words.title,
    html`<h1>${words.title}</h1>
${mails.length === 0 ? html`<p>${words.none}</p>` : html`<p>${words.text}</p>`}
<ul>
${mails.map(
  ({ name, subject, to, date }) =>
    html`<li><a href="${place.base}${devMailPath}/${name}">${subject}</a><br><span class="quiet">${to}, ${date}</span></li>\n`,
)}</ul>
<p><a href="${place.base}/">${place.words.sampleApp.toHome}</a></p>`,
  )
}

function mailPage(place: Place, name: string, { subject, to, date, text }: WrittenMail): Html {
  const words = place.words.sampleApp.mails
  return layout(
    place,
    subject,
    html`<h1>${subject}</h1>
<p class="quiet">${to}, ${date}</p>
<p><a href="${place.base}${devMailPath}/${name}/html">${words.html}</a></p>
<pre>${text}</pre>
<p><a href="${place.base}${devMailPath}">${words.back}</a></p>`,
  )
}
