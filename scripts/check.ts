/**
 * `npm run check`: all that CI asks for, on a laptop as there. Every step runs, so that one round shows all
 * that is wrong. `--without-tests` is for who has just run them.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './files.ts'

type Step = { readonly name: string; readonly command: readonly string[] }

const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
const script = (name: string, ...rest: string[]): string[] => [
  process.execPath,
  'scripts/run.js',
  `scripts/${name}.ts`,
  ...rest,
]

const steps: readonly Step[] = [
  { name: 'format and lint', command: [bin('biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: [bin('tsc'), '-p', '.'] },
  { name: 'schema.sql is what the migrations make', command: script('schema', '--check') },
  { name: 'generated pages are what the source says', command: script('docs', '--check') },
  { name: 'tests', command: script('test') },
]

const wanted = process.argv.includes('--without-tests') ? steps.filter(({ name }) => name !== 'tests') : steps
const failed = wanted.filter(({ name, command: [program = '', ...rest] }) => {
  console.log(`\n── ${name}`)
  return spawnSync(program, rest, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0
})
console.log(
  failed.length === 0 ? '\nAll is well.' : `\nTo mend: ${failed.map(({ name }) => name).join('; ')}.`,
)
process.exitCode = failed.length === 0 ? 0 : 1
