/** `tokenferry demo`, which `npm start` runs: every dialect, SQLite, and something to try each with. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Option } from 'commander'
import { readConfig } from '../config.ts'
import type { DemoSection, DemoSections } from '../demo.ts'
import type { Dialect, Told } from '../dialects/dialect.ts'
import { dialects } from '../dialects/index.ts'
import type { Mount } from '../http/answer.ts'
import { lookupsOf } from '../kernel/legacy-lookup.ts'
import type { Deployment, Running } from '../main.ts'
import { openDeployment, serve } from '../main.ts'
import { parsePort } from './arguments.ts'
import { CommandError, exampled } from './command.ts'
import type { Demo, DemoFolder, DemoRegions } from './demo-folder.ts'
import { besideOf, demoFolder, makeDemo, readDemo, rebase } from './demo-folder.ts'
import { lockDemo } from './demo-lock.ts'
import { say } from './output.ts'
import { untilStopped } from './serve.ts'

type Options = { readonly port: number; readonly data: string }

const host = '127.0.0.1'

export function addDemoCommand(program: Command): void {
  const command = program
    .command('demo')
    .description('run every dialect with sample clients and tokens, to try it')
    .addOption(
      new Option('--port <number>', 'listen on this port').env('PORT').default(4000).argParser(parsePort),
    )
    .addOption(new Option('--data <folder>', 'keep everything here').env('TOKENFERRY_DATA').default('./data'))
    .option('--debug', 'print a stack trace where Tokenferry itself is at fault')
    .action(async (options: Options) => {
      const { running, words } = await startDemo(options)
      // Before anything is said: whoever reads that it runs may stop it at once.
      const stopped = untilStopped(running)
      for (const line of words) say(line)
      await stopped
    })
  exampled(command, 'tokenferry demo', 'PORT=4001 TOKENFERRY_DATA=/tmp/ferry tokenferry demo')
}

type Started = { readonly running: Running; readonly words: readonly string[] }

async function startDemo({ port: wanted, data }: Options): Promise<Started> {
  // Before anything is written: a port that is taken is the likeliest mistake, and changes nothing.
  const port = await freePort(wanted)
  const folder = demoFolder(resolve(data))
  lockDemo(folder.folder)
  const before = existsSync(folder.database) ? readDemo(folder) : undefined
  const regions = await regionsAt(port, before)
  const demo = before ? await rebase(before, regions, folder) : await makeDemo(regions, folder)
  const config = readConfig(folder.config)
  const deployment = await openDeployment(config)
  const lines = await curlLines(demo, deployment).finally(() => deployment.close())
  const running = await serve(config, { sampleApp: folder.demo, others: besideOf(config) })
  return { running, words: greeting(demo, folder, lines) }
}

const baseAt = (port: number): string => `http://${host}:${port}`

/** The other region listens at the next port, or where it did, or wherever there is room. */
async function regionsAt(port: number, before: Demo | undefined): Promise<DemoRegions> {
  const us = baseAt(port)
  const stayed = before?.base === us && before.regions ? [Number(new URL(before.regions.eu).port)] : []
  for (const wanted of [...stayed, port + 1]) {
    if (wanted <= portMax && (await isFree(wanted))) return { us, eu: baseAt(wanted) }
  }
  return { us, eu: baseAt(await freePort(0)) }
}

const portMax = 65_535

const isFree = (port: number): Promise<boolean> =>
  freePort(port).then(
    () => true,
    () => false,
  )

/** The port, or one that is free where it is 0. */
async function freePort(wanted: number): Promise<number> {
  const probe = createServer().listen(wanted, host)
  try {
    await once(probe, 'listening')
    const address = probe.address()
    return address !== null && typeof address === 'object' ? address.port : wanted
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') {
      throw new CommandError(
        `Port ${wanted} on ${host} is taken. Stop what listens there, or choose another: PORT=4001`,
      )
    }
    if (code === 'EACCES') {
      throw new CommandError(
        `Port ${wanted} on ${host} may not be used by this user. Choose one above 1023: PORT=4001`,
      )
    }
    throw error
  } finally {
    if (probe.listening) {
      probe.close()
      await once(probe, 'close')
    }
  }
}

type Lines = { readonly first: readonly string[]; readonly elsewhere: readonly string[] }

/**
 * A first exchange for each dialect whose sample has one, each with a token that is still to be exchanged.
 */
async function curlLines(demo: Demo, deployment: Deployment): Promise<Lines> {
  const unused = await unusedTokens(demo, deployment)
  const toldOf = ({ dialect, issuer }: Mount, section: DemoSection): Told => ({
    at: issuer,
    value: (name) => String(section[name]),
    unused: (list) => unused.get(`${dialect.name} ${list}`) ?? '',
  })
  const lines = { first: [] as string[], elsewhere: [] as string[] }
  for (const mount of deployment.mounts) {
    const { dialect } = mount
    const section = demo.sections[dialect.name]
    if (!section) continue
    const told = toldOf(mount, section)
    const { curl, curlElsewhere } = dialect.sample
    if (curl) lines.first.push(headingOf(dialect), '', curl(told), '')
    if (curlElsewhere && section.elsewhere_username !== undefined)
      lines.elsewhere.push(curlElsewhere(told), '')
  }
  return lines
}

/** The name first: it is what commands, files and paths call it. */
const headingOf = ({ name, title }: Pick<Dialect, 'name' | 'title'>): string => `${name} – ${title}:`

/**
 * By dialect and list, the first that is active; where none is left, the first of all, which says so itself.
 */
async function unusedTokens({ sections }: Demo, deployment: Deployment): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const { name, sample } of dialects) {
    for (const list of sample.lists) {
      const told = sections[name]?.[list.name]
      const tokens: readonly string[] = Array.isArray(told) ? told.map(String) : []
      const unused = await firstUnused(tokens, name, deployment)
      if (unused !== undefined) found.set(`${name} ${list.name}`, unused)
    }
  }
  return found
}

async function firstUnused(
  tokens: readonly string[],
  dialect: string,
  { store, world }: Deployment,
): Promise<string | undefined> {
  const { ring } = world.moment()
  const clients = (await store.listClients()).filter((client) => client.dialect === dialect)
  for (const token of tokens) {
    // Where each app exchanges a token for itself, each has a row of its own.
    const facts = await Promise.all(
      clients.map(({ id }) => store.findLegacyToken(lookupsOf(ring, token), id, 'user')),
    )
    if (facts.every((one) => one?.token.status === 'active')) return token
  }
  return tokens[0]
}

const greeting = (
  { base, regions, sections }: Demo,
  { folder, demo, config }: DemoFolder,
  { first, elsewhere }: Lines,
): string[] => [
  `Tokenferry runs at ${base}, with ${dialects.length} dialects and sample clients, people and tokens.`,
  `Open ${base}/ in a browser for the pages that users see;`,
  `${base}/account/apps is where alice.pipedrive${passwordOf('alice.pipedrive', sections)} finds her apps,`,
  `${base}/dev/mail shows the mails to her, ${base}/dev/callbacks what the apps are told.`,
  'This is a demo: the secrets below are printed for you to try it, and guard nothing.',
  '',
  `Everything is in ${folder}: all secrets and tokens in ${demo},`,
  `the configuration in ${config}. Operate it: npx tokenferry client list --config ${config}`,
  '',
  ...(regions && elsewhere.length > 0 ? elsewhereWords(regions, elsewhere) : []),
  ...(regions ? [] : olderWords(folder)),
  'A first exchange for each, to be pasted into another terminal:',
  '',
  ...first,
  'Ctrl+C stops it.',
]

const olderWords = (folder: string): string[] => [
  'An earlier version has made this folder: it goes on, without what the demo shows since. For all of that,',
  `stop this, move ${folder} and ${folder}.root-secret away, and start again.`,
  '',
]

const elsewhereWords = ({ us, eu }: DemoRegions, lines: readonly string[]): string[] => [
  `It runs two regions: us at ${us}, eu at ${eu}. Whoever lives in eu gets nothing`,
  'at us: the first answer is code 16 and says where they live, the second is from there:',
  '',
  ...lines,
]

function passwordOf(user: string, sections: DemoSections): string {
  const section = Object.values(sections).find(({ username }) => username === user)
  return section ? ` (password ${section.password})` : ''
}
