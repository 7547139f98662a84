/** A deployment that listens, under the address that it says it has: discovery compares the two. */
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { freePort } from '../testing/server-process.ts'

export type Listening = TestDeployment & { readonly base: string }

export async function listening(options: Parameters<typeof testDeployment>[0] = {}): Promise<Listening> {
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const here = await testDeployment({ ...options, config: { ...options.config, public_url: base } })
  await here.app.listen({ host: '127.0.0.1', port })
  return { ...here, base }
}
