/** `tokenferry key …`: the key ring, from which every credential is computed. */

import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { policyOf } from '../kernel/policy.ts'
import type { StoredKey } from '../kernel/records.ts'
import { ringHeardAfterMilliseconds } from '../keys/key-ring.ts'
import { readRootSecret } from '../keys/root-secret.ts'
import type { Destruction, KeyWork } from '../keys/rotate.ts'
import {
  compromiseKeys,
  currentOf,
  destroyKeys,
  retireSigningKeys,
  rewrapKeys,
  rotateKeys,
} from '../keys/rotate.ts'
import type { Deployment } from '../main.ts'
import { parseCount } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, group, operator, subcommand, withDeployment } from './command.ts'
import { addKeyFiles } from './key-file.ts'
import { sayRecord, sayRecords, timeOf } from './output.ts'

export function addKeyCommands(program: Command): void {
  const key = group(program, 'key', 'the key ring, from which every credential is computed')
  addList(key)
  addRotate(key)
  addRewrap(key)
  addDestroy(key)
  addKeyFiles(key)
}

const workOf = ({ store, world, config }: Deployment): KeyWork => ({
  store,
  rootSecret: readRootSecret(config.root_secret),
  now: world.moment().now,
  actor: operator(),
})

function addList(key: Command): void {
  subcommand(key, 'list', 'list all keys, newest first', 'tokenferry key list').action((options: Shared) =>
    withDeployment(options, async ({ store, world }) => {
      const { now } = world.moment()
      const keys = await store.listKeys()
      const current = currentOf(keys, now)
      const rows = keys
        .map((one) => shown(one, current, now))
        .sort((one, other) => other.version - one.version)
      const columns = {
        VERSION: ({ version }: ShownKey) => version,
        KIND: ({ kind }: ShownKey) => kind,
        STATE: ({ state }: ShownKey) => state,
        CREATED: ({ created }: ShownKey) => created,
        'CURRENT FROM': ({ currentFrom }: ShownKey) => currentFrom,
        'PUBLISHED UNTIL': ({ publishedUntil }: ShownKey) => publishedUntil,
      }
      sayRecords(rows, columns, { ...options, none: 'There are no keys yet. The first start makes them.' })
    }),
  )
}

type ShownKey = ReturnType<typeof shown>

/** A key without itself. */
const shown = (key: StoredKey, current: number, now: number) => ({
  version: key.version,
  kind: key.kind,
  state: stateOf(key, current, now),
  created: timeOf(key.created),
  currentFrom: timeOf(key.currentFrom),
  publishedUntil: timeOf(key.publishUntil),
})

/** `accepted`: makes nothing new, and what it made is still good. */
function stateOf(key: StoredKey, current: number, now: number): string {
  const { status, version, currentFrom, publishUntil } = key
  if (status !== 'live') return status
  if (currentFrom > now) return 'next'
  if (version === current) return 'current'
  return publishUntil !== undefined && publishUntil <= now ? 'retired' : 'accepted'
}

function addRotate(key: Command): void {
  subcommand(
    key,
    'rotate',
    'add the next version, and wait until it is in use; no token becomes invalid',
    'tokenferry key rotate',
    'tokenferry key rotate --compromised    # the root secret leaked with a copy of the database',
  )
    .option(
      '--compromised',
      'the versions before it leaked: accept them once more, from proven clients alone',
    )
    .action((options: Shared & { readonly compromised?: boolean }) =>
      withDeployment(options, async (deployment) => {
        const work = workOf(deployment)
        const rotation = await rotateKeys(work)
        await retireSigningKeys(work, rotation, await longestAccessSeconds(deployment))
        // Servers whose clocks are a little behind must be over it too before old keys stop signing.
        await waitUntil(rotation.currentFrom + (options.compromised ? 2_000 : 0), rotation.version)
        const compromised = options.compromised
          ? await compromiseKeys({ ...work, now: deployment.world.moment().now }, rotation.version)
          : undefined
        // When this ends, no server believes in what the old keys have signed.
        if (options.compromised) await pause(ringHeardAfterMilliseconds)
        sayRecord(
          { version: rotation.version, state: 'current', keysMarkedCompromised: compromised },
          options,
        )
      }),
    )
}

/** The longest life of any access token that the old keys may have signed. */
async function longestAccessSeconds({ mounts, store }: Deployment): Promise<number> {
  const ofMounts = mounts.map(({ dialect, policy }) =>
    policyOf({ ...dialect.policy, ...policy }, { policy: {} }),
  )
  const ofClients = (await store.listClients()).map(({ policy }) => policy)
  return Math.max(...[...ofMounts, ...ofClients].map(({ accessSeconds }) => accessSeconds ?? 0))
}

/** Waits, and shows for how long: on a terminal by counting down, else by one line. */
async function waitUntil(moment: number, version: number): Promise<void> {
  const { stderr } = process
  const text = (milliseconds: number) =>
    `Version ${version} is known to all servers in ${Math.ceil(milliseconds / 1000)} s …`
  if (!stderr.isTTY) stderr.write(`${text(moment - Date.now())}\n`)
  for (let left = moment - Date.now(); left > 0; left = moment - Date.now()) {
    if (stderr.isTTY) stderr.write(`\r${text(left)} `)
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 1_000)))
  }
  if (stderr.isTTY) stderr.write('\r\u001b[K')
}

function addRewrap(key: Command): void {
  subcommand(
    key,
    'rewrap',
    'seal the key ring with another root secret; the keys themselves stay',
    'openssl rand -hex 32 > new-root-secret && chmod 600 new-root-secret',
    'tokenferry key rewrap --new-root-secret file:new-root-secret',
  )
    .requiredOption('--new-root-secret <reference>', 'file:PATH or env:NAME')
    .action((options: Shared & { readonly newRootSecret: string }) =>
      withDeployment(options, async (deployment) => {
        const keys = await rewrapKeys(workOf(deployment), readRootSecret(options.newRootSecret))
        sayRecord({ keysSealed: keys }, options)
        process.stderr.write(
          `Now set root_secret: ${options.newRootSecret} in ${options.config}, and restart every server. ` +
            'Copies of the database from before still open with the old root secret: destroy it last.\n',
        )
      }),
    )
}

function addDestroy(key: Command): void {
  subcommand(
    key,
    'destroy',
    'wipe a version that nothing needs any more',
    'tokenferry key list',
    'tokenferry key destroy 1',
  )
    .argument('<version>', 'its number', parseCount)
    .option('--end-grants', 'also where live grants still have a refresh token of this version: they end')
    .action((version: number, options: Shared & { readonly endGrants?: boolean }) =>
      withDeployment(options, async (deployment) => {
        const done = await destroyKeys(workOf(deployment), version, options.endGrants ?? false)
        if (!done.destroyed) throw new CommandError(refusalOf(done, version))
        sayRecord({ version, state: 'destroyed', grantsEnded: done.liveGrants }, options)
      }),
    )
}

function refusalOf({ why, uses }: Extract<Destruction, { destroyed: false }>, version: number): string {
  if (why === 'unknown') return `There is no version ${version}. See: tokenferry key list`
  if (why === 'destroyed') return `Version ${version} is destroyed already.`
  if (why === 'current') return `Version ${version} is in use. Make another first: tokenferry key rotate`
  if (why === 'published') {
    return `Tokens that version ${version} signed may be alive. See until when: tokenferry key list`
  }
  const { legacyTokens, clientSecrets, callbackSecrets, liveGrants } = uses
  if (legacyTokens > 0)
    return `${legacyTokens} legacy tokens can be found with version ${version} alone. It stays.`
  if (clientSecrets > 0) {
    return (
      `${clientSecrets} client secrets were made with version ${version}. ` +
      'Rotate them first: tokenferry client rotate-secret'
    )
  }
  if (callbackSecrets > 0) {
    return (
      `${callbackSecrets} webhook secrets are made of version ${version}. ` +
      'Rotate them first: tokenferry webhook rotate-secret'
    )
  }
  return (
    `${liveGrants} live grants have a refresh token of version ${version}. ` +
    'Wait until they are refreshed, or end them: --end-grants'
  )
}
