/** CORS, for browser apps whose client names their origin; only where an endpoint says so. */

/**
 * The headers that let this one origin read the answer. No cookies: an app proves itself by what it sends.
 */
export const crossOriginHeaders = (origin: string, methods: readonly string[]): Record<string, string> => ({
  'access-control-allow-origin': origin,
  'access-control-allow-methods': [...new Set(methods)].join(', '),
  'access-control-allow-headers': 'authorization, content-type',
  'access-control-max-age': '600',
  vary: 'origin',
})
