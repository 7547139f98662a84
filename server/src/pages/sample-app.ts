/**
 * Where the demo's sample apps wait for their users: an app's own page, so that the walk through the pages
 * ends somewhere. It shows what the app got; a real app would redeem it and show nothing.
 */
import type { FastifyInstance } from 'fastify'
import { html } from './html.ts'
import { layout } from './layout.ts'
import { messages } from './messages.ts'
import { headersOf } from './routes.ts'

export const sampleApp =
  (publicUrl: string) =>
  (app: FastifyInstance): void => {
    const { host, pathname } = new URL(publicUrl)
    const place = { base: pathname.replace(/\/+$/, ''), host }
    app.get('/callback', (request, raw) => {
      const { searchParams } = new URL(request.raw.url ?? '/', publicUrl)
      const words = searchParams.has('code') ? messages.sampleApp.allowed : messages.sampleApp.refused
      const page = layout(
        place,
        words.title,
        html`<h1>${words.title}</h1>
<p>${words.text}</p>
<dl>
${[...searchParams].map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>\n`)}</dl>`,
      )
      return raw
        .headers(headersOf(undefined))
        .header('content-type', 'text/html; charset=utf-8')
        .send(page.html)
    })
  }
