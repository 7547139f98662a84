/** Apps' pictures, served by us alone: a foreign one would tell its host who is about to allow what. */
import type { FastifyInstance } from 'fastify'
import { contentTypeOf } from '../kernel/logo.ts'
import type { Store } from '../kernel/store.ts'

/** A route for the pictures; their names come of their content, so a browser may keep them for ever. */
export const logos =
  (store: Pick<Store, 'findLogo'>) =>
  (app: FastifyInstance): void => {
    app.get('/assets/logos/:name', { exposeHeadRoute: true }, async (request, raw) => {
      // Fastify's parameters are texts by name.
      const { name = '' } = request.params as { readonly name?: string }
      const contentType = contentTypeOf(name)
      const bytes = contentType === undefined ? undefined : await store.findLogo(name)
      // Opened alone, it is a document of our origin: it may do nothing, whatever its bytes are taken for.
      raw
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('x-content-type-options', 'nosniff')
      if (contentType === undefined || bytes === undefined) {
        return raw.status(404).header('cache-control', 'no-store').send()
      }
      return raw
        .header('content-type', contentType)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .send(Buffer.from(bytes))
    })
  }
