// Runs a TypeScript file of this repository: `node scripts/run.js FILE …`.
// Node 20 runs no TypeScript by itself: there, tsx loads it.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [file, ...rest] = process.argv.slice(2)
if (file === undefined) {
  console.error('Name a file: node scripts/run.js scripts/test.ts')
  process.exit(2)
}
process.argv = [process.execPath, resolve(file), ...rest]
if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api')
  register()
}
await import(pathToFileURL(resolve(file)).href)
