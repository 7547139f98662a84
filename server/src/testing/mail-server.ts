/** A real SMTP server for tests, which keeps what it takes and refuses what the test says. */
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import type { SMTPServerOptions } from 'smtp-server'
import { SMTPServer } from 'smtp-server'

export type MailServer = {
  readonly port: number
  /** What was taken, as it came over the wire. */
  readonly taken: readonly { readonly to: string; readonly bytes: Buffer }[]
  /** How often each address was named as a recipient. */
  readonly asked: ReadonlyMap<string, number>
  close(): Promise<void>
}

export type MailServerOptions = {
  /** The answer to a recipient, such as `550 5.1.1 no such user`; absent: taken. `time` counts from 1. */
  readonly recipient?: (address: string, time: number) => string | undefined
  /** The answer to the whole message; `drop`: the connection breaks while the message comes in. */
  readonly message?: (address: string, time: number) => string | 'drop' | undefined
  readonly user?: { readonly name: string; readonly password: string }
  /** PEM. With it, TLS is offered; `secure`: from the first byte. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly secure?: boolean }
  /** 0: any that is free. */
  readonly port?: number
}

export async function mailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const taken: { to: string; bytes: Buffer }[] = []
  const asked = new Map<string, number>()
  const sockets = new Map<number | undefined, Socket>()
  const timeOf = (address: string): number => asked.get(address) ?? 0
  const server = new SMTPServer({
    ...offered(options),
    disableReverseLookup: true,
    // Clients that keep their connection do not hold up the end of a test.
    closeTimeout: 50,
    logger: false,
    onRcptTo({ address }, _session, done) {
      asked.set(address, timeOf(address) + 1)
      done(refusal(options.recipient?.(address, timeOf(address))))
    },
    onData(stream, { envelope, remotePort }, done) {
      const to = envelope.rcptTo[0]?.address ?? ''
      const answer = options.message?.(to, timeOf(to))
      if (answer === 'drop') {
        stream.once('data', () => sockets.get(remotePort)?.destroy())
        return
      }
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const refused = refusal(answer)
        if (!refused) taken.push({ to, bytes: Buffer.concat(parts) })
        done(refused)
      })
    },
    onAuth({ username, password }, _session, done) {
      const { user } = options
      const isRight = user !== undefined && username === user.name && password === user.password
      done(isRight ? null : Object.assign(new Error('Wrong user name or password'), { responseCode: 535 }), {
        user: username,
      })
    },
  })
  server.server.on('connection', (socket: Socket) => {
    const { remotePort } = socket
    sockets.set(remotePort, socket)
    socket.once('close', () => sockets.delete(remotePort))
  })
  // A client that does not trust the certificate breaks off; that is what the test is about.
  server.on('error', () => undefined)
  const listening = server.listen(options.port ?? 0, '127.0.0.1')
  await once(listening, 'listening')
  return {
    // It listens on a port, so its address is no path.
    port: (listening.address() as AddressInfo).port,
    taken,
    asked,
    async close() {
      await new Promise<void>((closed) => server.close(() => closed()))
    },
  }
}

function offered({ user, tls }: MailServerOptions): SMTPServerOptions {
  const disabledCommands = [...(user ? [] : ['AUTH']), ...(tls ? [] : ['STARTTLS'])]
  return {
    disabledCommands,
    allowInsecureAuth: tls === undefined,
    authOptional: user === undefined,
    ...(tls && { key: tls.key, cert: tls.cert, secure: tls.secure ?? false }),
  }
}

/** `451 4.7.1 later` as the error that the server answers so. */
function refusal(answer: string | undefined): Error | undefined {
  if (answer === undefined) return undefined
  const [code = '', ...words] = answer.split(' ')
  return Object.assign(new Error(words.join(' ')), { responseCode: Number(code) })
}
