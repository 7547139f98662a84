/**
 * Fastify: limits, headers, request ids, health; everything else is a dialect's. The only place that catches:
 * trouble with the database is 503, anything else is a bug and 500, both in the dialect's shape.
 */
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastify, { LogController } from 'fastify'
import type { Endpoint, Reply } from '../dialects/dialect.ts'
import type { Refusal } from '../kernel/refusals.ts'
import type { Mount, Noted, Request, Services } from './answer.ts'
import { answer, contextOf, refusing } from './answer.ts'
import { answerBroken, closeAfterAnswers, connectionTimes, hasHungUp } from './connections.ts'
import { crossOriginHeaders } from './cross-origin.ts'
import { reasonOfFailure } from './failures.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whose route it is; absent where it is no dialect's. */
    mount?: Mount
  }
}

export type ServerOptions = {
  readonly mounts: readonly Mount[]
  readonly services: Services
  readonly logger: FastifyBaseLogger
  readonly trustedProxies: readonly string[]
  readonly bodyBytesMax: number
  readonly isReady: () => Promise<boolean>
  readonly isOriginKnown: (origin: string) => Promise<boolean>
  /** Routes that are no dialect's: pages. */
  readonly routes?: (app: FastifyInstance) => void
  /** Answers a person at an address where there is nothing; `undefined`: a program asks, in its dialect. */
  readonly nowhere?: (request: FastifyRequest, raw: FastifyReply) => FastifyReply | undefined
}

export function httpServer(options: ServerOptions): FastifyInstance {
  const { services, mounts } = options
  const app = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    bodyLimit: options.bodyBytesMax,
    genReqId: () => Buffer.from(services.world.moment().random(9)).toString('base64url'),
    // Our log lines name the request themselves; a logger for each request would be made for nothing.
    childLoggerFactory: (logger) => logger,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    // An address that cannot be decoded is the caller's mistake, and is refused in its dialect.
    frameworkErrors(error, request, reply) {
      const raw = reply as FastifyReply // The same, but for a type of the framework's own.
      correlate(request, raw, mountAt(request))
      const isAnswered = error.code === 'FST_ERR_BAD_URL' && options.nowhere?.(request, raw) !== undefined
      if (!isAnswered) void fail(error, request, raw)
    },
    ...connectionTimes,
    clientErrorHandler: (error, socket) =>
      answerBroken(error, socket, (fields) => options.logger.info(fields)),
  })

  closeAfterAnswers(app)

  // Every body is taken as bytes: what it is, the endpoint says.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  // First of all, so that it is on whatever comes of the request.
  if (mounts.some(({ dialect }) => dialect.correlationHeader !== undefined)) {
    app.addHook('onRequest', (request, raw, done) => {
      correlate(request, raw, request.is404 ? mountAt(request) : request.routeOptions.config.mount)
      done()
    })
  }

  app.setNotFoundHandler(
    (request, raw) => options.nowhere?.(request, raw) ?? refuseAt(request, raw, { reason: 'path_unknown' }),
  )
  app.setErrorHandler((error, request, raw) => fail(error, request, raw))

  app.get('/healthz', async () => ({ ok: true }))
  app.get('/readyz', async (_request, raw) => {
    const ready = await options.isReady().catch(() => false)
    return raw.status(ready ? 200 : 503).send({ ok: ready })
  })
  app.get('/.well-known/jwks.json', async (_request, raw) =>
    raw
      .header('cache-control', 'public, max-age=300')
      .header('access-control-allow-origin', '*')
      .send(services.publicKeys()),
  )
  options.routes?.(app)
  for (const mount of mounts) serve(mount)
  return app

  function serve(mount: Mount): void {
    for (const [path, endpoints] of byPath(mount.dialect.endpoints)) {
      const openMethods = endpoints.flatMap(({ crossOrigin, route }) =>
        crossOrigin ? route.split(' ', 1) : [],
      )
      app.all(mount.prefix + path, { config: { mount } }, (request, raw) =>
        handle(request, raw, mount, endpoints, openMethods),
      )
    }
    for (const document of mount.dialect.documents ?? []) {
      app.get(document.path(mount.prefix), { config: { mount } }, async (request, raw) => {
        raw.header('access-control-allow-origin', '*')
        return send(
          raw,
          document.say(contextOf(heard(request), mount, services, services.world.moment().now)),
        )
      })
    }
  }

  async function handle(
    request: FastifyRequest,
    raw: FastifyReply,
    mount: Mount,
    endpoints: readonly Endpoint[],
    openMethods: readonly string[],
  ) {
    const { origin } = request.headers
    const open = origin !== undefined && openMethods.length > 0
    if (open && request.method === 'OPTIONS' && (await options.isOriginKnown(origin))) {
      return raw.headers(crossOriginHeaders(origin, openMethods)).status(204).send()
    }
    const { reply, noted, client } = await answer(heard(request), mount, endpoints, services)
    if (open && client?.origins.includes(origin)) raw.headers(crossOriginHeaders(origin, openMethods))
    note(request, raw, reply.status, { dialect: mount.dialect.name, ...noted })
    return send(raw, reply)
  }

  async function fail(error: unknown, request: FastifyRequest, raw: FastifyReply) {
    const reason = await reasonOfFailure(error, request)
    if (reason === 'aborted') return raw.hijack()
    const accepted = reason === 'body_too_large' ? [`${options.bodyBytesMax} bytes`] : undefined
    return refuseAt(request, raw, accepted ? { reason, accepted } : { reason })
  }

  /** Under whose prefix the request came, where nothing else says whose it is. */
  function mountAt({ raw: { url = '/' } }: FastifyRequest): Mount | undefined {
    const [path = ''] = url.split('?', 1)
    const [mount] = mounts
      .filter(({ prefix }) => prefix === '' || path === prefix || path.startsWith(`${prefix}/`))
      .sort((one, other) => other.prefix.length - one.prefix.length)
    return mount
  }

  /** Refuses in the words of the dialect under whose prefix the request came. */
  function refuseAt(request: FastifyRequest, raw: FastifyReply, refusal: Refusal) {
    const path = request.raw.url ?? '/'
    const mount = mountAt(request)
    if (!mount)
      return raw.status(404).send({ error: 'invalid_request', error_description: 'There is nothing here.' })
    const endpoint = mount.dialect.endpoints.find(({ route }) =>
      matches(mount.prefix + route.split(' ')[1], path),
    )
    const context = contextOf(heard(request), mount, services, services.world.moment().now)
    const reply = refusing(endpoint?.refuse ?? mount.dialect.refuse, refusal, context)
    note(request, raw, reply.status, { dialect: mount.dialect.name, reason: refusal.reason })
    return send(raw, reply)
  }

  function note(
    request: FastifyRequest,
    raw: FastifyReply,
    status: number,
    noted: Noted & { dialect: string },
  ): void {
    const line = {
      request_id: request.id,
      address: request.ip,
      status,
      ms: Math.round(raw.elapsedTime * 100) / 100,
      ...noted,
    }
    // The database went back, and only the operator can say what is to come of it.
    if (noted.reason === 'state_behind') request.log.error(line)
    else request.log.info(line)
  }
}

function send(raw: FastifyReply, { status, body, headers }: Reply) {
  raw.status(status)
  // RFC 6749 §5.1: nothing in between keeps a token.
  raw.header('cache-control', 'no-store')
  if (headers) raw.headers(headers)
  if (body === undefined) return raw.send()
  return raw.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body))
}

/** Our own name of the request, whatever the caller calls it: two callers may say the same. */
function correlate(request: FastifyRequest, raw: FastifyReply, mount: Mount | undefined): void {
  const { correlationHeader } = mount?.dialect ?? {}
  if (correlationHeader !== undefined) raw.header(correlationHeader, request.id)
}

function heard(request: FastifyRequest): Request {
  const url = request.raw.url ?? ''
  const at = url.indexOf('?')
  return {
    id: request.id,
    method: request.method,
    address: request.ip,
    path: (request.params ?? {}) as Record<string, string>, // Fastify's own: each named segment, decoded.
    query: at < 0 ? '' : url.slice(at + 1),
    headers: request.headers,
    body: request.body instanceof Buffer ? request.body : undefined,
    isGone: () => hasHungUp(request.raw),
  }
}

function byPath(endpoints: readonly Endpoint[]): Map<string, Endpoint[]> {
  const paths = new Map<string, Endpoint[]>()
  for (const endpoint of endpoints) {
    const path = endpoint.route.split(' ')[1] ?? '/'
    paths.set(path, [...(paths.get(path) ?? []), endpoint])
  }
  return paths
}

function matches(route: string, path: string): boolean {
  const pattern = route.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/:\w+/g, '[^/]+')
  return new RegExp(`^${pattern}(\\?|$)`).test(path)
}
