/** `docs/reference/refusals.md`: every way this server says no, and each dialect's word for it. */
import type { Dialect, Refuse } from '../../server/src/dialects/dialect.ts'
import { dialects } from '../../server/src/dialects/index.ts'
import type { Reason } from '../../server/src/kernel/refusals.ts'
import { reasons, refusals } from '../../server/src/kernel/refusals.ts'
import { aContext } from '../../server/src/testing/context.ts'
import { code, generated, page, table } from './markdown.ts'

export const refusalsPage = (): string =>
  page(
    generated('`server/src/kernel/refusals.ts` and the dialects'),
    '# Refusals',
    `Every way this server says no, in order of precedence: when several apply, the first is the answer. The reason is
stable; it stands in the log (\`reason\`), and no caller sees it. What a caller sees is its dialect's word.`,
    'Status 503 is trouble of the server, and no verdict on the caller: the same request may be sent again.',
    table(
      ['reason', 'status', 'OAuth error', 'what the caller is told'],
      reasons.map((reason) => {
        const { status, oauth, says } = refusals[reason]
        return [code(reason), String(status), code(oauth), says]
      }),
    ),
    '## In the words of each dialect',
    `Status and word. An endpoint that has words of its own says so on its dialect's page.`,
    table(
      ['reason', ...dialects.map(({ name }) => `[${name}](../dialects/${name}.md)`)],
      reasons.map((reason) => [
        code(reason),
        ...dialects.map((dialect) => wordOf(reason, dialect, dialect.refuse)),
      ]),
    ),
  )

/** A dialect's answer to a reason, as status and word. */
export function wordOf(reason: Reason, dialect: Dialect, refuse: Refuse): string {
  const named = { reason, parameter: '<parameter>', accepted: ['<accepted>'] }
  const { status, body } = refuse(named, aContext(dialect))
  return `${status} ${wordIn(body, status)}`.trimEnd()
}

/** The status is said already; some dialects say it again as a code, or begin their sentence with it. */
function wordIn(body: unknown, status: number): string {
  if (typeof body !== 'object' || body === null) return ''
  const told: Readonly<Record<string, unknown>> = { ...body }
  const words = [told.code, told.error].filter((word) => word !== undefined && Number(word) !== status)
  if (words.length > 0) return words.map((word) => code(String(word))).join(' ')
  const sentence = String(told.message ?? '').replace(new RegExp(`^${status} `), '')
  return sentence.replaceAll(/<\w+>/g, (name) => code(name))
}
