/** Server processes for tests: whatever is still running when they are over is ended. */
import { after } from 'node:test'
import { endServers } from './serving.ts'

export type { ServerProcess, ServerProcessOptions } from './serving.ts'
export { freePort, startServer } from './serving.ts'

after(endServers)
