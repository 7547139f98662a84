/** The client of a `webhook` command, and the address that an operator types for it. */
import { targetOf } from '../callbacks/guarded-request.ts'
import { reachable } from '../callbacks/reachable.ts'
import type { Config } from '../config.ts'
import { callbackShowsSecret } from '../dialects/index.ts'
import type { Client } from '../kernel/records.ts'
import type { Deployment } from '../main.ts'
import { CommandError } from './command.ts'

/** The address in its usual spelling. Where its name leads is checked each time that it is called. */
export function readCallback(
  text: string,
  { callbacks }: { readonly callbacks: Pick<Config['callbacks'], 'allow_private'> },
): string {
  const target = targetOf(text, reachable(callbacks.allow_private))
  if ('problem' in target) throw new CommandError(target.problem)
  const { protocol, hash, href } = target.url
  if (hash !== '') throw new CommandError('A callback has no fragment (#…): it would not be sent.')
  if (protocol === 'http:' && callbacks.allow_private.length === 0) {
    throw new CommandError('http:// goes only to addresses in callbacks.allow_private. Write https://…')
  }
  return href
}

export const unknownClient = 'There is no such client. See: tokenferry client list'
export const noWebhook = (id: string): string =>
  `${id} is told nothing yet. Say where: tokenferry webhook set ${id} https://…`

/** The client, which is told things somewhere. */
export async function toldClient(
  { store }: Deployment,
  id: string,
): Promise<Client & { readonly callback: string }> {
  const client = await store.findClient(id)
  if (!client) throw new CommandError(unknownClient)
  const { callback } = client
  if (callback === undefined) throw new CommandError(noWebhook(client.id))
  return { ...client, callback }
}

const signsNothing = (id: string): string =>
  `What goes to ${id} is not signed: its dialect shows the app its own secret. See: tokenferry client rotate-secret`

/** A client whose messages are signed. */
export async function signedClient(deployment: Deployment, id: string): Promise<Client> {
  const client = await toldClient(deployment, id)
  if (callbackShowsSecret(client.dialect)) throw new CommandError(signsNothing(client.id))
  return client
}
