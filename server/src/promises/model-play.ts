/**
 * Plays a sequence against the real server and against the model. What was asked at the same time must have
 * been answered as in some order, and after every step the tables must hold what the model holds: so a
 * refusal has changed nothing, and rows have come with grants alone.
 */
import assert from 'node:assert/strict'
import { perform } from '../kernel/kernel.ts'
import { declareRestore } from '../kernel/operations/declare-restore.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import { rotateKeys } from '../keys/rotate.ts'
import { rootSecretName } from '../testing/deployment.ts'
import type { Access, Answer, App, Said, State } from './model.ts'
import { answerOf, sweep } from './model.ts'
import type { Heard, Request } from './model-asks.ts'
import { askServer } from './model-asks.ts'
import type { Rows } from './model-rows.ts'
import { linesIn, linesOf, numbered, rowsIn } from './model-rows.ts'
import type { Scene } from './model-scene.ts'
import { makeScene } from './model-scene.ts'
import type { World } from './model-world.ts'

/** What somebody would like to do; of whom and with what is found when its turn comes. */
export type Wish = {
  readonly wish: Request['ask'] | 'again'
  readonly app: number
  readonly token: number
  /** How many tokens, or requests, ago. */
  readonly back: number
  readonly scopes: 'all' | 'narrow' | 'wide'
  /** With what is another's. */
  readonly stolen: boolean
  readonly on: boolean
  readonly node: 0 | 1
  /** The answer does not reach the app. */
  readonly lost: boolean
  /** So many times at once. */
  readonly times: number
}

export type Step =
  | { readonly step: 'ask'; readonly wishes: readonly Wish[]; readonly cutAfter: number | undefined }
  | { readonly step: 'wait'; readonly milliseconds: number }
  | { readonly step: 'stop'; readonly how: 'crash' | 'in_order' }
  | { readonly step: 'copy' | 'restore' | 'declare' | 'rotate_keys' | 'sweep' }

/** A sequence is about a few tokens and apps, by their places, so that they meet. */
export type Sequence = {
  readonly steps: readonly Step[]
  readonly tokens: readonly number[]
  readonly apps: number
}

type Text = { readonly text: string }

type Play = {
  readonly world: World
  readonly scene: Scene
  state: State
  rows: Rows
  /** What apps hold, the newest last. */
  readonly said: (Said & Text & { readonly app: string })[]
  readonly accesses: (Access & Text)[]
  readonly requests: Request[]
  /** Each generation is one text, for ever. */
  texts: Map<string, string>
  /** Of which authorization and app each grant is. */
  readonly origins: Map<number, string>
  copy: { readonly state: State; readonly texts: Map<string, string>; readonly at: number } | undefined
  restored: boolean
  /** For whoever reads of a failure. */
  readonly story: string[]
}

/** Whether the world can be used for another sequence. */
export async function play({ steps, tokens, apps }: Sequence, world: World, name: string): Promise<boolean> {
  const node = await world.node(0)
  const whole = await makeScene(name, node)
  const about = tokens.map((token) => at(whole.tokens, token))
  const scene = { ...whole, apps: [...whole.apps.slice(apps), ...whole.apps.slice(0, apps)], tokens: about }
  const rows = await rowsIn(node.deployment.database, scene)
  const playing: Play = {
    ...{ world, scene, state: structuredClone(scene.state), rows, said: [], accesses: [], requests: [] },
    ...{ texts: new Map(), origins: new Map(), copy: undefined, restored: false, story: [] },
  }
  world.forgetCopy()
  try {
    for (const step of steps) await take(step, playing)
    await oneLiveGrantEach(playing)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`${why}\nIt came of:\n  ${playing.story.join('\n  ')}`, { cause: error })
  }
  return steps.every(({ step }) => !['restore', 'declare', 'rotate_keys'].includes(step))
}

async function take(step: Step, playing: Play): Promise<void> {
  const { world, story, scene } = playing
  if (step.step === 'ask') return ask(step, playing)
  story.push(JSON.stringify(step))
  switch (step.step) {
    case 'wait':
      world.clock.now += step.milliseconds
      return
    case 'stop':
      return world.close(step.how)
    case 'copy':
      await world.close('crash')
      await world.copy()
      playing.copy = {
        state: structuredClone(playing.state),
        texts: new Map(playing.texts),
        at: world.clock.now,
      }
      return
    case 'restore': {
      if (!playing.copy) return
      await world.close('crash')
      await world.restore()
      playing.state = structuredClone(playing.copy.state)
      playing.texts = new Map(playing.copy.texts)
      playing.restored = true
      break
    }
    case 'declare':
      await declare(playing)
      break
    case 'rotate_keys':
      await rotate(playing)
      break
    case 'sweep': {
      const { store } = (await world.node(0)).deployment
      while (!(await store.sweep(world.clock.now, 2_000)).done);
      break
    }
  }
  playing.rows = await rowsIn((await world.node(0)).deployment.database, scene)
  if (step.step === 'sweep') {
    const left = new Set(playing.rows.grants.map(({ number }) => Number(number)))
    sweep(playing.state, left, world.clock.now)
  }
  assert.deepEqual(linesIn(playing.rows, scene), linesOf(playing.state))
}

async function declare(playing: Play): Promise<void> {
  const { world, copy, restored, state } = playing
  if (!restored || !copy) return
  const { deployment } = await world.node(0)
  const { now } = world.clock
  const actor = { actor: 'operator', address: undefined, requestId: undefined }
  const done = await perform(declareRestore, { to: Math.min(copy.at, now), actor }, deployment.world)
  assert.ok('granted' in done)
  const { healingUntil, nextNumber } = done.granted
  state.declared = { at: now, until: healingUntil, lostBelow: nextNumber }
  // Servers that ran meanwhile hold numbers that must not be used again.
  await world.close('in_order')
}

/** A copy from before it would know nothing of the new version, and give its number to another. */
async function rotate(playing: Play): Promise<void> {
  const { world } = playing
  const { store } = (await world.node(0)).deployment
  const rootSecret = readRootSecret(`env:${rootSecretName}`)
  const actor = { actor: 'operator', address: undefined, requestId: undefined }
  const { currentFrom } = await rotateKeys({ store, rootSecret, now: world.clock.now, actor })
  for (const { deployment } of world.opened()) await deployment.keyRing.reread()
  world.clock.now = currentFrom
  world.forgetCopy()
  playing.copy = undefined
}

async function ask({ wishes, cutAfter }: Extract<Step, { step: 'ask' }>, playing: Play): Promise<void> {
  const { world, scene, story } = playing
  const asked = wishes.flatMap((wish) => {
    const request = requestOf(wish, playing)
    return request ? Array.from({ length: wish.times }, () => ({ request, wish })) : []
  })
  const nodes = [await world.node(0), wishes.some(({ node }) => node === 1) ? await world.node(1) : undefined]
  const first = nodes[0] ?? assert.fail()
  const asking = asked.map(({ request, wish }) => askServer(request, nodes[wish.node] ?? first))
  if (cutAfter !== undefined) {
    for (let turn = 0; turn < cutAfter; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    await world.cut()
  }
  const heard = await Promise.all(asking)
  if (cutAfter !== undefined) await world.close('crash')
  const rows = await rowsIn((await world.node(0)).deployment.database, scene)
  const answered = asked.map(({ request, wish }, at) => ({
    request,
    wish,
    heard: heard[at] ?? assert.fail(),
  }))
  for (const {
    request,
    heard: { answer },
  } of answered)
    story.push(shown(request, answer))
  const before = { state: playing.state, rows: playing.rows }
  playing.state = inSomeOrder(answered, before.state, rows, playing, cutAfter !== undefined)
  playing.rows = rows
  if (isQuiet(answered, before.state, playing.state)) {
    assert.equal(rows.others, before.rows.others, 'rows have come, though no grant has come or ended')
  }
  for (const one of answered) keep(one, playing)
}

type Answered = { readonly request: Request; readonly wish: Wish; readonly heard: Heard }

/** What the app learned, unless its answer was lost on the way. */
function keep({ request, wish, heard: { said, access } }: Answered, playing: Play): void {
  playing.requests.push(request)
  if (!said || !access) return
  const name = `${said.number} ${said.locator} ${said.generation}`
  const before = playing.texts.get(name)
  if (before !== undefined) assert.equal(said.text, before, 'said again, it is the same refresh token')
  const grant = playing.state.grants.find(({ number }) => number === said.number)
  // Else it would pass for the token of a grant that was lost, and this one's number given away again.
  assert.ok(grant && access.issued + 1000 > grant.created, 'an access token is as old as its grant at most')
  playing.texts.set(name, said.text)
  if (request.ask === 'exchange') {
    const { token, app } = request
    playing.origins.set(said.number, `${token.authorization ?? token.name} ${app.id}`)
  }
  if (wish.lost) return
  playing.said.push(said)
  playing.accesses.push(access)
}

/** Nothing was asked that anybody must hear of, and no grant has come or ended, or was healed. */
function isQuiet(answered: readonly Answered[], before: State, after: State): boolean {
  const grants = ({ grants: all }: State): string => all.map(({ number, status }) => number + status).join()
  const isPlain = answered.every(({ request: { ask } }) => /^(exchange|refresh|introspect)/.test(ask))
  return isPlain && before.declared === undefined && grants(before) === grants(after)
}

/** The state after some order of the requests in which the model answers, and holds, the same. */
function inSomeOrder(
  answered: readonly Answered[],
  before: State,
  rows: Rows,
  { scene, world }: Play,
  wasCut: boolean,
): State {
  const stored = linesIn(rows, scene)
  const near: string[] = []

  const search = (
    state: State,
    left: readonly Answered[],
    said: readonly [Answer, Answer][],
  ): State | undefined => {
    if (left.length === 0) return settled(state, said)
    const tried = new Set<string>()
    for (const one of left) {
      const { request, heard } = one
      const key = JSON.stringify([request, heard.answer])
      if (tried.has(key)) continue
      tried.add(key)
      const others = left.filter((other) => other !== one)
      const reason = typeof heard.answer === 'object' && 'refused' in heard.answer ? heard.answer.refused : ''
      const isTrouble = reason === 'unavailable' && wasCut
      // Overtaken by what was asked at the same time, or cut off: nothing of it has happened.
      if (isTrouble || (reason === 'contended' && answered.length > 1)) {
        const found = search(state, others, said)
        if (found) return found
        if (!isTrouble) continue
      }
      const early =
        request.ask === 'reset' && answered.length > 1 ? [{ ...request, early: true } as const] : []
      for (const asked of [request, ...early]) {
        const next = structuredClone(state)
        const answer = answerOf(next, asked, world.clock.now)
        // Two who end at once what was half ended may both hear that they did it.
        const isSame = request.ask === 'end_legacy' && heard.answer === 'done' && answered.length > 1
        if (!isTrouble && !isSame && !isLike(answer, heard.answer)) {
          near.push(`the model would say ${JSON.stringify(answer)} to ${shown(request, heard.answer)}`)
          continue
        }
        const found = search(next, others, isTrouble ? said : [...said, [answer, heard.answer]])
        if (found) return found
      }
    }
    return undefined
  }

  const settled = (state: State, said: readonly [Answer, Answer][]): State | undefined => {
    const given = numbered(state, rows, scene)
    for (const [answer, heard] of said) {
      if (typeof answer !== 'object' || !('number' in answer)) continue
      const number = given.get(answer.number) ?? answer.number
      if (JSON.stringify({ ...answer, number }) === JSON.stringify(heard)) continue
      near.push(`the model would speak of grant ${number}, not of ${JSON.stringify(heard)}`)
      return undefined
    }
    const held = linesOf(state)
    const [missing, extra] = [
      held.filter((line) => !stored.includes(line)),
      stored.filter((line) => !held.includes(line)),
    ]
    if (held.join('\n') === stored.join('\n')) return state
    near.push(
      `the model would hold\n    ${missing.join('\n    ')}\n  instead of\n    ${extra.join('\n    ')}`,
    )
    return undefined
  }

  return (
    search(before, answered, []) ?? assert.fail(`No order explains it:\n  ${[...new Set(near)].join('\n  ')}`)
  )
}

/** But for the number, which the model learns afterwards. */
function isLike(answer: Answer, heard: Answer): boolean {
  const bare = (one: Answer): string =>
    JSON.stringify(typeof one === 'object' && 'number' in one ? { ...one, number: 0 } : one)
  return bare(answer) === bare(heard)
}

/** Promise 1, asked of the database itself. */
async function oneLiveGrantEach({ world, scene, origins }: Play): Promise<void> {
  const { database } = (await world.node(0)).deployment
  const live = await database.query(
    `select g.number from grants g join connections c on c.number = g.connection
      where g.status = 'live' and c.status = 'live' and c.epoch = g.epoch and g.user_id in ($1, $2)`,
    scene.users,
  )
  const of = live.flatMap(({ number }) => origins.get(Number(number)) ?? [])
  assert.equal(new Set(of).size, of.length, `two live grants of one authorization and app: ${of.join(', ')}`)
}

function requestOf(wish: Wish, playing: Play): Request | undefined {
  const { scene, said, accesses, requests, state } = playing
  const token = at(scene.tokens, wish.token)
  const owners = state.rows.filter((row) => row.token.name === token.name).map((row) => row.app || row.bound)
  const holders = scene.apps.filter(({ dialect }) => wish.stolen || dialect === token.dialect)
  const owner = scene.apps.find(({ id }) => id === at(owners, wish.back))
  const app = wish.app === 0 && owner && !wish.stolen ? owner : at(holders, wish.app)
  const isStandard = app.dialect === 'standard'
  const scopesOf = ({ scopes, dialect }: App): readonly string[] | undefined => {
    if (wish.scopes === 'all' || dialect !== 'standard') return undefined
    return wish.scopes === 'narrow' ? scopes.slice(0, 1) : [...scopes, 'admin']
  }
  const held = <One extends { readonly app: string }>(all: readonly One[]) => {
    const holder = at([...new Set(all.map((one) => one.app))], wish.app)
    const own = all.filter((one) => one.app === holder)
    const found = own[Math.max(0, own.length - 1 - wish.back)]
    const who = wish.stolen ? app : scene.apps.find(({ id }) => id === holder)
    return found && who ? { found, who } : undefined
  }
  switch (wish.wish) {
    case 'again':
      return requests[Math.max(0, requests.length - 1 - wish.back)]
    case 'exchange': {
      const resource = isStandard && wish.on && wish.stolen ? 'https://api.example' : ''
      return { ask: 'exchange', app, token, scopes: scopesOf(app), resource }
    }
    case 'refresh':
    case 'give_up':
    case 'introspect': {
      const { found, who } = held(said) ?? {}
      if (!found || !who || (wish.wish === 'introspect' && who.dialect !== 'standard')) return undefined
      const { text, number, locator, generation } = found
      const asked = { app: who, said: { number, locator, generation }, text }
      return wish.wish === 'refresh'
        ? { ask: 'refresh', ...asked, scopes: scopesOf(who) }
        : { ask: wish.wish, ...asked }
    }
    case 'give_up_access':
    case 'introspect_access': {
      const { found, who } = held(accesses) ?? {}
      if (!found || !who || (wish.wish === 'introspect_access' && who.dialect !== 'standard'))
        return undefined
      const { text, ...access } = found
      return { ask: wish.wish, app: who, access, text }
    }
    case 'give_up_legacy':
      return { ask: 'give_up_legacy', app, token }
    case 'end_grant':
      return state.grants.length === 0
        ? undefined
        : { ask: 'end_grant', number: at(state.grants, wish.back).number }
    case 'end_connection':
    case 'allow_again': {
      const wanted = wish.wish === 'end_connection' ? 'live' : 'revoked'
      const found = state.connections.filter(({ status }) => status === wanted || wish.stolen)
      const { user = token.user, ...other } = found.length === 0 ? {} : at(found, wish.app)
      const of = scene.apps.find(({ id }) => 'app' in other && id === other.app) ?? app
      return { ask: wish.wish, app: of, user }
    }
    case 'reset':
    case 'end_legacy':
      return { ask: wish.wish, token, app: wish.on ? app : undefined }
    case 'switch': {
      const [off] = state.disabled
      if (off !== undefined && !wish.stolen) return { ask: 'switch', who: off, on: true }
      return { ask: 'switch', who: wish.on ? app.id : token.user, on: false }
    }
  }
}

const at = <One>(all: readonly One[], index: number): One => all[index % all.length] as One

function shown(request: Request, answer: Answer): string {
  const said = Object.entries(request).flatMap(([name, value]) => {
    if (name === 'text' || value === undefined || value === '') return []
    if (name === 'app') return [value.id]
    if (name === 'token') return [value.name]
    return [typeof value === 'object' ? JSON.stringify(value) : `${value}`]
  })
  return `${said.join(' ')} → ${JSON.stringify(answer)}`
}
