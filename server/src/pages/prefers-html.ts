/**
 * Whether whoever asks would rather read a page than JSON (RFC 9110 §12.5.1). Browsers name text/html where a
 * user opens an address; programs that name nothing, or anything, keep what their dialect says.
 */
export function prefersHtml(accept: string | undefined): boolean {
  const ranges = (accept ?? '').slice(0, headerLengthMax).toLowerCase().split(',')
  const qualityOf = (type: string): number =>
    Math.max(0, ...ranges.flatMap((range) => (nameOf(range) === type ? [weightOf(range)] : [])))
  return qualityOf('text/html') > qualityOf('application/json')
}

/** No browser sends more; what comes behind is not read. */
const headerLengthMax = 500

const nameOf = (range: string): string => (range.split(';')[0] ?? '').trim()

/** One that is not as RFC 9110 §12.4.2 has it counts as refused. */
function weightOf(range: string): number {
  const [, ...parameters] = range.split(';').map((part) => part.trim())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  if (weight === undefined) return 1
  return /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight.slice(2)) : 0
}
