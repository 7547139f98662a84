/** Stands between two parties and lets all pass, until it is told to cut their line or to stand still. */
import { once } from 'node:events'
import type { NetConnectOpts, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

export type Direction = 'requests' | 'answers'

export type CuttingProxy = {
  readonly port: number
  /** How many lines were cut. */
  readonly cuts: number
  /** So many more bytes pass that way; then the line on which the next one came is cut. */
  cutAfter(bytes: number, direction: Direction): void
  /** What has not been cut until now stays whole. */
  spare(): void
  /** Nothing passes any more, in either direction, and no line is closed. */
  standStill(): void
  goOn(): void
  close(): Promise<void>
}

export async function proxyTo(target: NetConnectOpts): Promise<CuttingProxy> {
  let planned: { left: number; readonly direction: Direction } | undefined
  let cuts = 0
  let stands = false
  const sockets = new Set<Socket>()

  const pass = (from: Socket, to: Socket, direction: Direction): void => {
    sockets.add(from)
    if (stands) from.pause()
    from.on('error', () => undefined)
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
    from.on('data', (chunk: Buffer) => {
      if (planned?.direction !== direction || chunk.length <= planned.left) {
        if (planned?.direction === direction) planned.left -= chunk.length
        to.write(chunk)
        return
      }
      const last = chunk.subarray(0, planned.left)
      planned = undefined
      cuts += 1
      from.pause()
      to.end(last, () => {
        to.destroy()
        from.destroy()
      })
    })
  }

  const server = createServer((near) => {
    const far = connect(target)
    pass(near, far, 'requests')
    pass(far, near, 'answers')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The loopback gave no port.')
  return {
    port: address.port,
    get cuts() {
      return cuts
    },
    cutAfter(bytes, direction) {
      planned = { left: bytes, direction }
    },
    spare() {
      planned = undefined
    },
    standStill() {
      stands = true
      for (const socket of sockets) socket.pause()
    },
    goOn() {
      stands = false
      for (const socket of sockets) socket.resume()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
