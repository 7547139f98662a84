/** `docs/dialects/`: a page for each dialect, from its file and its transcript. */
import type { Dialect, Endpoint, Refuse } from '../../server/src/dialects/dialect.ts'
import { reasons } from '../../server/src/kernel/refusals.ts'
import type { Exchange } from '../../server/src/testing/transcript.ts'
import { readTranscript } from '../../server/src/testing/transcript.ts'
import { read } from '../files.ts'
import { code, generated, headerOf, page, table } from './markdown.ts'
import { wordOf } from './refusals.ts'

export const dialectsPage = (dialects: readonly Dialect[]): string =>
  page(
    generated('the dialects'),
    '# Dialects',
    'How each company speaks. A mount serves one dialect under one prefix; a client speaks one dialect.',
    table(
      ['dialect', 'who speaks so', 'learned from'],
      dialects.map(({ name, title, source }) => [`[${name}](${name}.md)`, title, source]),
    ),
  )

export function dialectPage(dialect: Dialect): string {
  const { name, title, source, endpoints, authorize } = dialect
  const file = `server/src/dialects/${name}`
  const exchanges = readTranscript(read(`${file}.http`), `${name}.http`)
  return page(
    generated(`${code(`${file}.ts`)} and ${code(`${file}.http`)}`),
    `# ${title}`,
    headerOf(read(`${file}.ts`)),
    `Learned from: ${source}.`,
    '## Endpoints',
    'Paths are below the prefix of the mount.',
    table(['route', 'where', 'body', 'parameters', 'does'], endpoints.map(endpointRow)),
    authorize ? `Users allow an app at ${code(`GET ${authorize.path}`)}.` : '',
    '## Refusals',
    refusalsOf(dialect),
    '## A conversation',
    `Each answer below is checked against the running server. ${code('<<name>>')} in an answer is a value that is used
again as ${code('{{name}}')}; other names in double braces are the app's own credentials.`,
    ...exchanges.flatMap((exchange) => conversation(exchange, authorize?.path)),
  )
}

const endpointRow = ({ route, when, body, takes, does }: Endpoint): readonly string[] => [
  code(route),
  Object.entries(when ?? {})
    .map(([name, value]) => code(`${name}=${value}`))
    .join(' '),
  body,
  Object.entries(takes)
    .map(([name, kind]) => code(name) + (kind === 'required' ? '' : ` (${kind})`))
    .join(', '),
  code(does),
]

/** One column for the dialect's own words, and one for each endpoint that has others. */
function refusalsOf(dialect: Dialect): string {
  const others = new Map<Refuse, string>()
  for (const { refuse, route, when } of dialect.endpoints) {
    if (refuse) others.set(refuse, code([route.split(' ')[1], ...Object.values(when ?? {})].join(' ')))
  }
  return table(
    ['reason', 'status and word', ...[...others.values()].map((at) => `at ${at}`)],
    reasons.map((reason) => [
      `[${code(reason)}](../reference/refusals.md)`,
      wordOf(reason, dialect, dialect.refuse),
      ...[...others.keys()].map((refuse) => wordOf(reason, dialect, refuse)),
    ]),
  )
}

const conversation = (exchange: Exchange, authorize: string | undefined): readonly string[] => [
  exchange.says && `**${exchange.says}**`,
  exchange.allow === undefined
    ? ''
    : `The user allows the app at ${code(`GET ${authorize}?${exchange.allow}`)}.`,
  exchange.advance === 0 ? '' : `${exchange.advance / 1000} seconds later:`,
  ['```http', `${exchange.method} ${exchange.path}`, ...headersOf(exchange.headers), ...bodyOf(exchange.body)]
    .concat(
      '',
      String(exchange.status),
      ...headersOf(exchange.expectedHeaders),
      ...bodyOf(exchange.expectedBody),
    )
    .concat('```')
    .join('\n'),
]

const headersOf = (headers: Readonly<Record<string, string>>): string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`)

const bodyOf = (body: string | undefined): string[] => (body === undefined ? [] : ['', body])
