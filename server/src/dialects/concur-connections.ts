/** Concur's way for an app to give up all that a user allowed it. */
import { endpoint, reply } from './dialect.ts'
import { byAccessToken } from './proofs.ts'

const endConnections = endpoint({
  route: 'DELETE /app-mgmt/v0/connections',
  body: 'none',
  client: byAccessToken,
  takes: {},
  does: 'end_connections',
  hear: (_parameters, { bearer = '', verify }) => ({ token: bearer, signed: verify(bearer) }),
  // Concur documents no body; an object is what its clients' libraries can read.
  say: () => reply(200, {}),
})

export const connectionEndpoints = [endConnections]
