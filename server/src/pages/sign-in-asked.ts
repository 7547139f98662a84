/**
 * An app may ask for a sign-in anew (`prompt=login`, `max_age`). The address to which the sign-in then leads
 * back says when that was asked for: whoever has signed in since goes on, and nobody goes round in circles.
 * The mark is sealed for this one request, so that no app and no user can make one.
 */
import type { Moment } from '../kernel/kernel.ts'
import type { Milliseconds } from '../kernel/records.ts'
import type { Ring } from '../kernel/ring.ts'
import { sealText, unsealText } from '../keys/sealed-text.ts'

const parameter = 'sign_in_asked'
const marks = new RegExp(`(?:^|&)${parameter}=([^&]*)`, 'g')

/** An address found in a browser's history lets nobody pass for somebody who has just signed in. */
const keptMilliseconds = 3_600_000

/** The query, marked with this moment. */
export function markAsked(path: string, query: string, { ring, now }: Moment): string {
  const bare = query.replaceAll(marks, '')
  return `${bare}&${parameter}=${sealText(ring, now, String(now), aboutOf(path, bare))}`
}

/** When a sign-in was asked for, where the query is marked for it. */
export function hearAsked(path: string, query: string, ring: Ring, now: Milliseconds) {
  const [mark] = query.matchAll(marks)
  if (mark?.[1] === undefined) return undefined
  const text = unsealText(ring, mark[1], aboutOf(path, query.replaceAll(marks, '')))
  const asked = text === undefined ? Number.NaN : Number(text)
  return asked <= now && now - asked < keptMilliseconds ? asked : undefined
}

const aboutOf = (path: string, query: string): string => `sign-in asked by ${path}?${query}`
