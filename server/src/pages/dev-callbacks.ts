/**
 * A page of the demo alone: where its sample apps are told what happens to their grants, and what came. It
 * believes everything; a real app verifies first (docs/integrating.md).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Place } from './layout.ts'
import { layout } from './layout.ts'
import type { PlaceOptions } from './places.ts'
import { placesOf } from './places.ts'
import { headersOf, languageHeaders } from './routes.ts'

export const devCallbacksPath = '/dev/callbacks'

type Came = {
  readonly at: string
  readonly method: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** Whoever reaches the demo can send any number, so the oldest go, and long ones are cut. */
const cameMax = 50
const bodyLengthMax = 16 * 1024

export const devCallbacks =
  (options: PlaceOptions) =>
  (app: FastifyInstance): void => {
    const placeFor = placesOf(options)
    const came: Came[] = []
    app.get(devCallbacksPath, { exposeHeadRoute: true }, (request, raw) => {
      const place = placeFor(request.headers['accept-language'])
      return send(raw, place, listPage(place, came))
    })
    app.route({
      method: ['POST', 'DELETE'],
      url: devCallbacksPath,
      handler(request, raw) {
        came.unshift(cameOf(request))
        came.length = Math.min(came.length, cameMax)
        return raw.status(204).send()
      },
    })
  }

const headersShown = [
  'content-type',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'authorization',
] as const

function cameOf({ method, headers, body }: FastifyRequest): Came {
  const text = Buffer.isBuffer(body) ? body.toString() : body === undefined ? '' : JSON.stringify(body)
  return {
    at: new Date().toISOString(),
    method,
    headers: headersShown.flatMap((name) => {
      const value = headers[name]
      if (value === undefined) return []
      return [[name, name === 'authorization' ? withoutSecret(String(value)) : String(value)] as const]
    }),
    body: text.slice(0, bodyLengthMax),
  }
}

/** Who says it is calling, without what proves it. */
function withoutSecret(authorization: string): string {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? []
  if (encoded === undefined) return '…'
  const [id = ''] = Buffer.from(encoded, 'base64').toString().split(':')
  return `Basic ${id}:…`
}

const send = (raw: FastifyReply, place: Place, page: Html): FastifyReply =>
  raw
    .headers({ ...headersOf(undefined), ...languageHeaders(place) })
    .header('content-type', 'text/html; charset=utf-8')
    .send(page.html)

function listPage(place: Place, came: readonly Came[]): Html {
  const words = place.words.sampleApp.callbacks
  return layout(
    place,
    words.title,
    html`<h1>${words.title}</h1>
<p>${came.length === 0 ? words.none : words.text}</p>
${came.map(
  ({ at, method, headers, body }) => html`<h2>${method}, ${at}</h2>
<dl>
${headers.map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>\n`)}</dl>
<pre>${body}</pre>\n`,
)}<p><a href="${place.base}/">${place.words.sampleApp.toHome}</a></p>`,
  )
}
