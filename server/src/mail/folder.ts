/** Mail into a folder, a file for each: for the demo, and for who tries the mails without sending any. */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReadMessage } from './read-message.ts'
import { readMessage } from './read-message.ts'
import type { MailTransport } from './transport.ts'

export const folderTransport = (folder: string): MailTransport => ({
  async send({ messageId, bytes }) {
    try {
      await makeFolder(folder)
      // Named by the Message-ID: sent again, a mail takes its own place.
      const path = join(folder, `${fileNameOf(messageId)}.eml`)
      const unfinished = `${path}.${process.pid}.unfinished`
      await rm(unfinished, { force: true })
      await writeFile(unfinished, bytes, { mode: 0o600, flag: 'wx' })
      await rename(unfinished, path)
      return { outcome: 'sent', answer: path }
    } catch (error) {
      return {
        outcome: 'failed',
        problem: problemOf(error),
        isOperatorTrouble: true,
      }
    }
  },
  async check() {
    try {
      await makeFolder(folder)
      const probe = join(folder, `.writable.${process.pid}`)
      await writeFile(probe, '')
      await rm(probe)
      return undefined
    } catch (error) {
      return problemOf(error)
    }
  },
  close: () => undefined,
})

/** Where its parent is. (Node's `recursive` asks for ever where a parent takes no folder: `/proc`.) */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
}

const problemOf = (error: unknown): string =>
  `The folder of mails cannot be written: ${error instanceof Error ? error.message : String(error)}`

const fileNameOf = (messageId: string): string => messageId.replace(/^<|@.*$/g, '').replaceAll(/[^\w-]/g, '_')

/** The folder as its reader sees it. */
export type MailFolder = {
  /** The mails there, the newest first, and no more than a page takes. */
  list(): Promise<readonly (ReadMessage & { readonly name: string })[]>
  read(name: string): Promise<ReadMessage | undefined>
}

const listedMax = 100

export const mailFolder = (folder: string): MailFolder => ({
  async list() {
    const names = (await readdir(folder).catch(() => [])).filter((name) => isMailName(name))
    const dated = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
    )
    const newest = dated.sort((one, other) => other.at - one.at).slice(0, listedMax)
    return Promise.all(
      newest.map(async ({ name }) => ({
        name: name.slice(0, -'.eml'.length),
        ...readMessage(await readFile(join(folder, name))),
      })),
    )
  },
  // Whoever asks names a file: only a name that one of our mails could have leads to it.
  async read(name) {
    if (!isMailName(`${name}.eml`)) return undefined
    const bytes = await readFile(join(folder, `${name}.eml`)).catch(() => undefined)
    return bytes && readMessage(bytes)
  },
})

const isMailName = (name: string): boolean => /^[\w-]{1,64}\.eml$/.test(name)
