/** `tokenferry webhook test`: a signed message that says nothing, sent at once. */
import type { Command } from 'commander'
import { sendSigned } from '../callbacks/callback-sender.ts'
import { guardedRequest } from '../callbacks/guarded-request.ts'
import { pingMessage } from '../callbacks/message.ts'
import { reachable } from '../callbacks/reachable.ts'
import { callbackShowsSecret } from '../dialects/index.ts'
import type { Deployment } from '../main.ts'
import type { Shared } from './command.ts'
import { CommandError, subcommand, withDeployment } from './command.ts'
import { sayRecord } from './output.ts'
import { toldClient } from './webhook-client.ts'

export function addTest(webhook: Command): void {
  subcommand(
    webhook,
    'test <client>',
    'send the app a signed message of the type ping now, and say what it answered',
    'tokenferry webhook test q3Xk…',
  ).action((id: string, options: Shared) =>
    withDeployment(options, async (deployment) => {
      const { status, ...answer } = await ping(deployment, id)
      sayRecord({ status, ...answer }, options)
      if (status < 200 || status > 299) {
        throw new CommandError(`The address answered ${status}; only 200 to 299 are taken for received.`)
      }
    }),
  )
}

async function ping(deployment: Deployment, id: string) {
  const { world, config } = deployment
  const client = await toldClient(deployment, id)
  if (callbackShowsSecret(client.dialect)) {
    throw new CommandError(
      'The call of this dialect says that a user has taken the app out, so it cannot be tried for nothing.',
    )
  }
  const { now, random } = world.moment()
  const message = pingMessage(client.id, now)
  const send = guardedRequest({ reachable: reachable(config.callbacks.allow_private) })
  const messageId = `msg_${Buffer.from(random(16)).toString('base64url')}`
  const since = performance.now()
  const signed = { client, callback: client.callback, id: messageId, message }
  const answer = await sendSigned({ world, send }, signed)
  const milliseconds = Math.round(performance.now() - since)
  if (!answer) {
    throw new CommandError(
      `There is no secret to sign with. Make one: tokenferry webhook rotate-secret ${client.id}`,
    )
  }
  if (answer.outcome !== 'answered') throw new CommandError(answer.problem)
  return { status: answer.status, milliseconds, webhookId: messageId, answer: answer.body.slice(0, 200) }
}
