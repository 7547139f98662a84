/** Reads a message that `message.ts` has made, for the demo's page of mails. It knows no MIME but ours. */

export type ReadMessage = {
  readonly from: string
  readonly to: string
  readonly subject: string
  readonly date: string
  readonly text: string
  readonly html: string
}

export function readMessage(bytes: Buffer): ReadMessage {
  const { headers, body } = split(bytes.toString('latin1'))
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '') ?? []
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(part.replace(/^\r\n|\r\n$/g, '')))
  const partOf = (type: string): string => {
    const part = parts.find(({ headers: own }) => own.get('content-type')?.startsWith(type))
    return part ? decoded(part.body, part.headers.get('content-transfer-encoding')) : ''
  }
  const header = (name: string): string => decodedWords(headers.get(name) ?? '')
  return {
    from: header('from'),
    to: header('to'),
    subject: header('subject'),
    date: header('date'),
    text: partOf('text/plain'),
    html: partOf('text/html'),
  }
}

function split(text: string): { readonly headers: ReadonlyMap<string, string>; readonly body: string } {
  const at = text.indexOf('\r\n\r\n')
  // RFC 5322 §2.2.3: a line that begins with a space goes on with the one before.
  const lines = text
    .slice(0, at)
    .replaceAll(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  return { headers: new Map(headers), body: text.slice(at + 4) }
}

function decoded(body: string, encoding = '7bit'): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  const bytes = encoding === 'quoted-printable' ? unquoted(body.replaceAll(/=\r\n/g, '')) : body
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** `=E2=80=9C` as the bytes that it stands for. */
const unquoted = (text: string): string =>
  text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** RFC 2047 §6.2: the space between two encoded words is not part of the text. */
const decodedWords = (text: string): string =>
  text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, form: string, word: string) =>
      Buffer.from(
        form.toLowerCase() === 'b'
          ? Buffer.from(word, 'base64').toString('latin1')
          : unquoted(word.replaceAll('_', ' ')),
        'latin1',
      ).toString('latin1'),
    )
    .replaceAll(/[\x80-\xff]+/g, (word) => Buffer.from(word, 'latin1').toString('utf8'))
