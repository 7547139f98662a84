/**
 * `tokenferry legacy …`: the legacy tokens. One is named by itself, on stdin: an argument would stand in a
 * history.
 */
import type { Command } from 'commander'
import { perform } from '../kernel/kernel.ts'
import { lookupsOf } from '../kernel/legacy-lookup.ts'
import { resetLegacyToken } from '../kernel/operations/reset-legacy-token.ts'
import { revokeLegacyToken } from '../kernel/operations/revoke-legacy-token.ts'
import type { LegacyRow } from '../kernel/store.ts'
import type { Deployment } from '../main.ts'
import { parseDuration } from './arguments.ts'
import type { Shared } from './command.ts'
import { CommandError, granted, group, operator, subcommand, withDeployment } from './command.ts'
import { readSecret } from './input.ts'
import { purgeLegacyTokens } from './legacy-purge.ts'
import { sayRecord, sayRecords, timeOf } from './output.ts'

export function addLegacyCommands(program: Command): void {
  const legacy = group(program, 'legacy', 'the legacy tokens')
  addStatus(legacy)
  addShow(legacy)
  addReset(legacy)
  addRevoke(legacy)
  addPurge(legacy)
}

type Count = Awaited<ReturnType<Deployment['store']['countLegacyTokens']>>[number]

function addStatus(legacy: Command): void {
  subcommand(
    legacy,
    'status',
    'count legacy tokens by dialect, client and status',
    'tokenferry legacy status',
  ).action((options: Shared) =>
    withDeployment(options, async ({ store }) => {
      const columns = {
        DIALECT: ({ dialect }: Count) => dialect,
        CLIENT: ({ clientId }: Count) => clientId,
        STATUS: ({ status }: Count) => status,
        COUNT: ({ count }: Count) => count,
      }
      const none = 'There are no legacy tokens yet. Bring them in: tokenferry import --help'
      sayRecords(await store.countLegacyTokens(), columns, { ...options, none })
    }),
  )
}

type Named = Shared & { readonly client?: string }

const withClient = (command: Command): Command =>
  command.option('--client <id>', "which client's, where several may hold the token")

/** Reads the token, and asks for it under every kind of digest that was imported. */
async function lookupsRead({ world }: Deployment): Promise<readonly Buffer[]> {
  return lookupsOf(world.moment().ring, await readSecret('Legacy token'))
}

const unknown = 'There is no such legacy token here, or not of this client. See: tokenferry legacy status'

function addShow(legacy: Command): void {
  withClient(
    subcommand(
      legacy,
      'show',
      'what is known of a legacy token, typed or from stdin',
      'tokenferry legacy show < token.txt',
    ),
  ).action((options: Named) =>
    withDeployment(options, async (deployment) => {
      const { store } = deployment
      const lookups = await lookupsRead(deployment)
      const rows = (await store.findLegacyRows(lookups))
        .filter(({ token }) => lookups.some((lookup) => lookup.equals(token.lookup)))
        .filter(({ token }) => [undefined, token.clientId, token.boundTo].includes(options.client))
        .map(shown)
      if (rows.length === 0) throw new CommandError(unknown)
      if (options.json) sayRecords(rows, {}, { json: true, none: '' })
      else for (const row of rows) sayRecord(row, options)
    }),
  )
}

/** A legacy token without what finds it. */
function shown({ token, connectionRevoked }: LegacyRow) {
  return {
    dialect: token.dialect,
    client: token.clientId,
    status: token.status,
    exchangedBy: token.grantNumber === undefined ? undefined : token.clientId || token.boundTo,
    user: token.userId,
    organization: token.organizationId,
    kind: token.kind,
    scopes: token.scopes ?? 'none recorded',
    authorization: token.authorization,
    created: timeOf(token.created),
    expires: timeOf(token.expires),
    lastUsed: timeOf(token.lastUsed),
    grant: token.grantNumber,
    resets: token.exchange,
    connectionRevoked,
  }
}

function addReset(legacy: Command): void {
  withClient(
    subcommand(
      legacy,
      'reset',
      'let a legacy token be exchanged again; the grant that came of it ends',
      'tokenferry legacy reset < token.txt',
      'tokenferry legacy reset --client q3Xk… < token.txt',
    ),
  ).action((options: Named) =>
    withDeployment(options, async (deployment) => {
      const lookups = await lookupsRead(deployment)
      const input = { lookups, clientId: options.client, actor: operator() }
      const { token, grantEnded, connectionRevoked } = granted(
        await perform(resetLegacyToken, input, deployment.world),
        {
          record_unknown: unknown,
          record_exists: 'Several clients hold this token. Say which: --client ID',
          nothing_to_change: 'The token was not exchanged: there is nothing to reset.',
        },
      )
      sayRecord({ client: token.clientId || token.boundTo, status: 'active', grantEnded }, options)
      if (connectionRevoked) {
        process.stderr.write(
          'The connection is revoked: the token can be exchanged once the user has allowed the app again.\n',
        )
      }
    }),
  )
}

function addRevoke(legacy: Command): void {
  withClient(
    subcommand(
      legacy,
      'revoke',
      'end a legacy token for good, with the grants that came of it',
      'tokenferry legacy revoke < token.txt',
    ),
  ).action((options: Named) =>
    withDeployment(options, async (deployment) => {
      const lookups = await lookupsRead(deployment)
      const input = { lookups, clientId: options.client, actor: operator() }
      const revoked = granted(await perform(revokeLegacyToken, input, deployment.world), {
        record_unknown: unknown,
        nothing_to_change: 'The token is revoked already.',
      })
      sayRecord(revoked, options)
    }),
  )
}

function addPurge(legacy: Command): void {
  subcommand(
    legacy,
    'purge',
    'delete what is left of legacy tokens that are done with, and whose grants are gone',
    'tokenferry legacy purge --older-than 90d',
  )
    .requiredOption('--older-than <duration>', 'not created, used or expired since then', parseDuration)
    .addHelpText(
      'after',
      '\nAn import that still holds a purged token brings it in again. Purge after the last import.',
    )
    .action((options: Shared & { readonly olderThan: number }) =>
      withDeployment(options, async (deployment) => {
        sayRecord({ purged: await purgeLegacyTokens(deployment, options.olderThan) }, options)
      }),
    )
}
