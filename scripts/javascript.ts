/** The sources as plain JavaScript, without asking whether they are right: `npm run check` does that. */
import { copyFileSync, cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { globbed, root } from './files.ts'

/** `'./kernel.ts'` at the end of an import is `'./kernel.js'` in what is written. */
const imported = /((?:from|import) '|\bimport\(')(\.[^']*)\.ts'/g

/**
 * Writes a folder of sources there: what is TypeScript as JavaScript, which says where it came from; all else
 * as it is.
 */
export async function writeJavaScript(from: string, to: string): Promise<void> {
  const paths = globbed([from], '')
  const isSource = (path: string): boolean => path.endsWith('.ts')
  await build({
    absWorkingDir: root,
    entryPoints: paths.filter(isSource),
    outbase: from,
    outdir: to,
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
    plugins: [
      {
        name: 'extensions',
        setup({ onLoad }) {
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const source = await readFile(path, 'utf8')
            return { contents: source.replaceAll(imported, "$1$2.js'"), loader: 'ts' }
          })
        },
      },
    ],
  })
  for (const path of paths.filter((one) => !isSource(one))) {
    const target = join(to, path.slice(from.length))
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(join(root, path), target)
  }
}

/**
 * Writes the server there as its package holds it, and with it the tests that stand beside its sources.
 * Whoever loads it from there need not compile it: a test that starts forty commands would pay forty times.
 */
export async function writePackage(folder: string): Promise<void> {
  await writeJavaScript('server/src', join(folder, 'server/dist'))
  cpSync(join(root, 'server/bin'), join(folder, 'server/bin'), { recursive: true })
  copyFileSync(join(root, 'server/package.json'), join(folder, 'server/package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
}

/** Where a file of the server's sources is in its package; `undefined` for any other. */
export const packaged = (path: string): string | undefined =>
  path.startsWith('server/src/')
    ? path.replace('server/src/', 'server/dist/').replace(/\.ts$/, '.js')
    : undefined
