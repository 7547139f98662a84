/** Dates and counts as each language writes them. */
import type { Milliseconds } from '../kernel/records.ts'
import type { Language } from './index.ts'

export type Formats = {
  /** 9 May 2026. A page without JavaScript cannot know the reader's time zone, so days are those of UTC. */
  date(at: Milliseconds): string
  /** 14:05, in UTC. */
  time(at: Milliseconds): string
  /** 9 May 2026 at 14:05 UTC. */
  moment(at: Milliseconds): string
  /** Today, yesterday, 3 days ago, 2 months ago. */
  ago(at: Milliseconds, now: Milliseconds): string
  /** 12,345. */
  count(count: number): string
}

/** By region, since English alone would write the month first. */
const locales: Readonly<Partial<Record<Language, string>>> = { en: 'en-GB' }

const known = new Map<Language, Formats>()

/** The formats of a language, made once: they are dear to make and cheap to use. */
export function formatsFor(language: Language): Formats {
  const found = known.get(language) ?? makeFormats(locales[language] ?? language)
  known.set(language, found)
  return found
}

function makeFormats(locale: string): Formats {
  const timeZone = 'UTC'
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone })
  const time = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone,
  })
  const moment = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
    timeZone,
    timeZoneName: 'short',
  })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const count = new Intl.NumberFormat(locale)
  return {
    date: (at) => date.format(at),
    time: (at) => time.format(at),
    moment: (at) => moment.format(at),
    ago(at, now) {
      const days = Math.max(0, dayOf(now) - dayOf(at))
      if (days < 31) return relative.format(-days, 'day')
      if (days < 365) return relative.format(-Math.floor(days / 30.5), 'month')
      return relative.format(-Math.floor(days / 365), 'year')
    },
    count: (number) => count.format(number),
  }
}

/** A sentence with its full stop, which a name at its end may have brought along: Acme Inc. */
export const ended = (sentence: string): string => (sentence.endsWith('.') ? sentence : `${sentence}.`)

const dayOf = (at: Milliseconds): number => Math.floor(at / 86_400_000)
