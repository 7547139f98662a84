/** `npm run build`: what a package of the server ships, JavaScript and the migrations beside it. */
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './files.ts'

const [source, target] = [join(root, 'server/src'), join(root, 'server/dist')]
rmSync(target, { recursive: true, force: true })
const compiler = join(root, 'node_modules/typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'server/tsconfig.build.json')], {
  stdio: ['ignore', 'inherit', 'inherit'],
})
if (status !== 0) process.exit(status ?? 1)
cpSync(join(source, 'storage/migrations'), join(target, 'storage/migrations'), { recursive: true })
