/** The run as a picture: bars of answers per second, for light and dark pages, its text as text. */
import { medianOf } from './aims.ts'
import type { Cell } from './measure.ts'
import { round } from './report.ts'
import type { SubjectName } from './who.ts'

const width = 820
const labelWidth = 150
const barWidth = 440
const barHeight = 16
const lineHeight = 22
const headHeight = 46

/** A group of bars for each operation of the first setup, at the middle of its numbers of connections. */
export function picture(cells: readonly Cell[]): string {
  const setup = cells[0]?.setup
  const connections = setup?.connections[Math.floor(setup.connections.length / 2)]
  const shown = cells.filter((cell) => cell.setup === setup && cell.connections === connections)
  const groups = [...new Set(shown.map(({ operation }) => operation))]
  const most = Math.max(...shown.map(({ runs }) => medianOf(runs, 'requestsPerSecond')))
  let y = headHeight
  const parts: string[] = []
  for (const operation of groups) {
    parts.push(text(0, y + 15, 'head', operation))
    y += lineHeight
    for (const cell of shown.filter((one) => one.operation === operation)) {
      const rate = medianOf(cell.runs, 'requestsPerSecond')
      const length = Math.max(1, Math.round((rate / most) * barWidth))
      parts.push(
        text(labelWidth - 8, y + 13, 'end', cell.subject),
        bar(y, length, kindOf(cell.subject)),
        text(labelWidth + length + 6, y + 13, 'value', round(rate)),
      )
      y += lineHeight
    }
    y += 12
  }
  const cores = setup?.cores === 1 ? 'one core' : `${setup?.cores} cores`
  const title = `Answers per second, ${setup?.signature}, ${cores}, ${connections} connections`
  const size = `viewBox="0 0 ${width} ${y}" width="${width}" height="${y}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="t">
<title id="t">${title}</title>
<style>
  text { font: 13px system-ui, sans-serif; fill: #1c2430; }
  .head, .title { font-weight: 600; } .title { font-size: 15px; } .end { text-anchor: end; }
  .ours { fill: #0b5c7f; } .floor { fill: #8a94a3; } .peer { fill: #c98a2b; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebf2; } .ours { fill: #58b6dd; } .floor { fill: #77818f; } .peer { fill: #d9a14a; }
  }
</style>
${text(0, 18, 'title', title)}
${parts.join('\n')}
</svg>
`
}

const bar = (y: number, length: number, kind: string): string =>
  `<rect x="${labelWidth}" y="${y}" width="${length}" height="${barHeight}" rx="2" class="${kind}"/>`

const kindOf = (subject: SubjectName): 'ours' | 'floor' | 'peer' =>
  subject.startsWith('ours') ? 'ours' : subject === 'floor' ? 'floor' : 'peer'

const text = (x: number, y: number, kind: string, words: string): string =>
  `<text x="${x}" y="${y}" class="${kind}">${words}</text>`
