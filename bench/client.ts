/** The one app of every bench, as an operator would add it. */
import { secretHmac } from '../server/src/kernel/operations/authenticate-client.ts'
import type { Client } from '../server/src/kernel/records.ts'
import type { RingVersion } from '../server/src/kernel/ring.ts'
import { currentVersion } from '../server/src/kernel/ring.ts'
import type { Deployment } from '../server/src/main.ts'
import { clientId, clientSecret, redirectUri } from './rows.ts'

export const versionOf = (deployment: Deployment): RingVersion =>
  currentVersion(deployment.keyRing.ring(), Date.now())

export async function addClient(deployment: Deployment, created: number): Promise<void> {
  const version = versionOf(deployment)
  const client: Client = {
    id: clientId,
    dialect: 'standard',
    name: 'Bench',
    type: 'confidential',
    status: 'enabled',
    scopes: ['read', 'write', 'offline_access'],
    redirectUris: [redirectUri],
    identifiers: [],
    exchangeFrom: undefined,
    exchangeUntil: undefined,
    exchangeStatus: 'on',
    exchangesPerDayMax: undefined,
    mayIntrospect: false,
    origins: [],
    tokensValidAfter: 0,
    maker: undefined,
    logo: undefined,
    callback: undefined,
    callbackStatus: 'on',
    callbackEvents: [],
    policy: {},
    secrets: [],
  }
  const secret = {
    hmac: secretHmac(version, clientSecret),
    keyVersion: version.version,
    expires: undefined,
  }
  await deployment.store.commit([
    { write: 'add_client', client, at: created },
    { write: 'add_client_secret', clientId, secret, sealed: undefined, created, othersExpire: undefined },
  ])
}
