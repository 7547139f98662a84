/**
 * `docs/reference/rfcs.md`: every line of the source that cites an RFC, so that one can see what is obeyed
 * where.
 */
import { globbed, read } from '../files.ts'
import { generated, page } from './markdown.ts'

type Citation = {
  readonly rfc: number
  readonly section: string
  readonly path: string
  readonly says: string
}

export function rfcsPage(): string {
  const citations = globbed(['server/src'], '.ts')
    .filter((path) => !path.endsWith('.test.ts') && !path.includes('/testing/'))
    .flatMap(citationsIn)
  const rfcs = [...new Set(citations.map(({ rfc }) => rfc))].sort((one, other) => one - other)
  return page(
    generated('the citations in `server/src`'),
    '# RFCs',
    'What is obeyed where, and, where a dialect cannot obey, what is not.',
    ...rfcs.flatMap((rfc) => [
      `## [RFC ${rfc}](https://www.rfc-editor.org/rfc/rfc${rfc})`,
      listOf(citations.filter((citation) => citation.rfc === rfc)),
    ]),
  )
}

function citationsIn(path: string): readonly Citation[] {
  const found = new Map<string, Citation>()
  for (const line of read(path).split('\n')) {
    for (const [, rfc = '', section = ''] of line.matchAll(/RFC (\d{4})(?: §([\d.]*\d))?/g)) {
      const key = `${rfc} ${section} ${line}`
      found.set(key, { rfc: Number(rfc), section, path, says: saidIn(line) })
    }
  }
  return [...found.values()]
}

/** The comment of the line, or the line where it has none. */
const saidIn = (line: string): string =>
  (/(?:\/\/|\/?\*+) ?(.*)$/.exec(line)?.[1] ?? line).replace(/\*\/$/, '').trim().replaceAll('<', '&lt;')

function listOf(citations: readonly Citation[]): string {
  const bySection = [...citations].sort(
    (one, other) =>
      one.section.localeCompare(other.section, 'en', { numeric: true }) || one.path.localeCompare(other.path),
  )
  return bySection
    .map(
      ({ section, path, says }) =>
        `- ${section ? `§${section} ` : ''}[${path.replace('server/src/', '')}](../../${path}): ${says}`,
    )
    .join('\n')
}
