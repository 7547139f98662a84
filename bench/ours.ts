/** The subject that all is about: this server, as an operator starts it. */
import { readConfig } from '../server/src/config.ts'
import { serve } from '../server/src/main.ts'

const [configPath = ''] = process.argv.slice(2)
const running = await serve(readConfig(configPath))
process.once('SIGTERM', () => void running.close().then(() => process.exit(0)))
console.log(`ready ${new URL(running.address).port}`)
