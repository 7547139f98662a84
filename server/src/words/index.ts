/** All that users read, on pages and in mails, by language. Another one is one file, and one line here. */
import type { Reason } from '../kernel/refusals.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** English is what the other languages are measured by: the compiler lists what one of them lacks. */
export type Words = typeof en

const tables = { en, de } satisfies Readonly<Record<string, Words>>

export type Language = keyof typeof tables

export const isLanguage = (tag: string): tag is Language => Object.hasOwn(tables, tag)

/** Those that there are, by tag; the first is taken where nothing says otherwise. */
export const languages: readonly Language[] = Object.keys(tables).filter(isLanguage)

export const wordsFor = (language: Language): Words => tables[language]

/** What a user is told of a refusal on a page of its own, where the app cannot be told. */
export const explain = ({ explanations, unexplained }: Words, reason: Reason): string =>
  explanations[reason] ?? unexplained

/** No browser sends more; what comes behind is not read. */
const headerLengthMax = 500

/**
 * The language that a browser likes best among those that there are (RFC 9110 §12.5.4): by quality, then by
 * order; `de-AT` is satisfied by `de` (RFC 4647 §3.4); what has quality 0 is never taken for `*`.
 */
export function chooseLanguage(acceptLanguage: string | undefined, fallback: Language): Language {
  const ranges = (acceptLanguage ?? '').slice(0, headerLengthMax).split(',').flatMap(hearRange)
  const refused = ranges.filter(({ quality }) => quality === 0).map(({ tag }) => tag)
  const liked = ranges
    .filter(({ quality }) => quality > 0)
    // A stable sort: of two with the same quality the first stays the first.
    .sort((one, other) => other.quality - one.quality)
  for (const { tag } of liked) {
    const found = tag === '*' ? ownChoice(refused, fallback) : nearest(tag)
    if (found && !refused.includes(found)) return found
  }
  return fallback
}

type Range = { readonly tag: string; readonly quality: number }

/** One entry of the header; one that is not as RFC 9110 §12.4.2 has it counts as not sent. */
function hearRange(entry: string): readonly Range[] {
  const heard =
    /^[ \t]*(\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)[ \t]*(?:;[ \t]*q=([01](?:\.\d{0,3})?)[ \t]*)?$/i.exec(entry)
  const [, tag, weight = '1'] = heard ?? []
  const quality = Number(weight)
  return tag === undefined || quality > 1 ? [] : [{ tag: tag.toLowerCase(), quality }]
}

/** For whom any language will do. */
const ownChoice = (refused: readonly string[], fallback: Language): Language | undefined =>
  [fallback, ...languages].find((language) => !refused.includes(language))

/** RFC 4647 §3.4: from the end, a part of the tag after the other is left out. */
function nearest(tag: string): Language | undefined {
  const parts = tag.split('-')
  for (let length = parts.length; length > 0; length -= 1) {
    const shorter = parts.slice(0, length).join('-')
    if (isLanguage(shorter)) return shorter
  }
  return undefined
}
