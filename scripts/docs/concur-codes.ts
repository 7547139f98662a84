/** `docs/dialects/concur-codes.md`: each of Concur's codes, and what brings it about here. */
import { exchangeCodes, tokenCodes } from '../../server/src/dialects/concur-codes.ts'
import type { Cause } from '../../server/src/promises/concur-cause.ts'
import { causesOfExchangeCodes, causesOfTokenCodes } from '../../server/src/promises/concur-codes.ts'
import { code, generated, page, table } from './markdown.ts'

type Row = {
  readonly status: number
  readonly error?: string
  readonly says: string
  readonly explained?: boolean
}

export const concurCodesPage = (): string =>
  page(
    generated('`server/src/dialects/concur-codes.ts` and `server/src/promises/concur-codes.ts`'),
    "# Concur's codes",
    `What an app hears in the [concur dialect](concur.md), and what brings it about here. Each cause below is done, by commands,
pages and requests, and its answer checked, whenever the tests run.`,
    `Concur's page gives most codes a sentence and leaves the cause open. Where it does, the cause here is **ours**; where its
sentence names the cause, it is **Concur's**. A code may have several causes. Where a text ends in "…", a sentence of ours
follows, which names what is wrong.`,
    `Concur documents no HTTP status for a code, so all of them are our choice. An app that expects others is given them by the
mount's policy, ${code('statuses: { "5": 401 }')}: 4xx only, because trouble of the server is never the caller's.`,
    '## At the token endpoint, `/otp`, `/authorize` and the end of connections',
    `In the body as ${code('code')}, ${code('error')} and ${code('error_description')}. At ${code('/authorize')} the app's address is told
${code('error_code')} and ${code('error_description')}, and no status. 82 and 135 are of Concur's later pages; 404 to 503 are
statuses without a number of Concur's. With 16 comes ${code('geolocation')}, the address to ask at.`,
    table(
      ['code', 'status', 'error', 'text', 'cause here', 'whose choice'],
      Object.entries<Row>(tokenCodes).flatMap(([number, row]) =>
        causesOf(number, causesOfTokenCodes).map((cause) => [
          number,
          String(row.status),
          code(row.error ?? ''),
          textOf(row, cause),
          cause.because,
          whose(cause),
        ]),
      ),
    ),
    '## At the exchange of an old token',
    `In the body of \`exchangeRefreshToken\` as ${code('code')} and ${code('message')}. Concur names the first five; it gives
the others a status and no name, so their names are ours.`,
    table(
      ['code', 'status', 'text', 'cause here'],
      Object.entries<Row>({ OK: granted, ...exchangeCodes }).flatMap(([symbol, row]) =>
        causesOf(symbol, causesOfExchangeCodes).map((cause) => [
          code(symbol),
          String(row.status),
          textOf(row, cause),
          cause.because,
        ]),
      ),
    ),
  )

const granted: Row = { status: 200, says: 'no code: the answer is in the body' }

/** Keys of an object lose their kind; these are those that the causes are typed by. */
const causesOf = (key: string, causes: Readonly<Record<string, readonly Cause[]>>): readonly Cause[] =>
  causes[key] ?? []

const textOf = ({ says, explained }: Row, cause: Cause): string =>
  `${cause.says ?? says}${explained ? ': …' : ''}`

const whose = ({ isOurChoice }: Cause): string => (isOurChoice ? 'ours' : "Concur's")
