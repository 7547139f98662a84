/** One-time codes as users get them: out of mails that were written into a folder. */
import { setTimeout as pause } from 'node:timers/promises'
import { mailFolder } from '../mail/folder.ts'

export type MailedCodes = {
  /** The digits of a mail that was not read yet; waits for one. */
  next(): Promise<string>
}

const waitsMax = 200
const waitMilliseconds = 25

export function mailedCodes(folder: string | undefined): MailedCodes {
  const read = new Set<string>()
  return {
    async next() {
      if (folder === undefined) throw new Error('This deployment writes no mails.')
      for (let wait = 0; wait < waitsMax; wait += 1) {
        const unread = (await mailFolder(folder).list()).filter(({ name }) => !read.has(name))
        for (const { name, text } of unread) {
          read.add(name)
          const digits = codeIn(text)
          if (digits !== undefined) return digits
        }
        await pause(waitMilliseconds)
      }
      throw new Error('No mail with a one-time code has come.')
    },
  }
}

/** The code stands alone in its line. */
export const codeIn = (text: string): string | undefined => /^ {4}(\d{6})\r?$/m.exec(text)?.[1]
