/**
 * `npm run docs`: writes the pages that the source says already, so that no page can say otherwise. `--check`
 * compares.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dialects } from '../server/src/dialects/index.ts'
import { concurCodesPage } from './docs/concur-codes.ts'
import { configurationPage } from './docs/configuration.ts'
import { dialectPage, dialectsPage } from './docs/dialects.ts'
import { refusalsPage } from './docs/refusals.ts'
import { rfcsPage } from './docs/rfcs.ts'
import { globbed, read, root } from './files.ts'

/** What a dialect's page says of pages that stand beside it. */
const beside: Readonly<Record<string, string>> = {
  concur: `What brings each of the codes about: [Concur's codes](concur-codes.md).`,
}

const pages = new Map<string, string>([
  ['docs/reference/refusals.md', refusalsPage()],
  ['docs/reference/configuration.md', configurationPage()],
  ['docs/reference/rfcs.md', rfcsPage()],
  ['docs/dialects/README.md', dialectsPage(dialects)],
  ['docs/dialects/concur-codes.md', concurCodesPage()],
  ...dialects.map(
    (dialect) => [`docs/dialects/${dialect.name}.md`, dialectPage(dialect, beside[dialect.name])] as const,
  ),
])

// A dialect that is gone takes its page with it.
const left = existsSync(join(root, 'docs/dialects'))
  ? globbed(['docs/dialects'], '.md').filter((path) => !pages.has(path))
  : []
const differing = [...pages].filter(([path, text]) => !existsSync(join(root, path)) || read(path) !== text)

if (!process.argv.includes('--check')) {
  for (const path of left) rmSync(join(root, path))
  for (const [path, text] of differing) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    console.log(`wrote ${path}`)
  }
} else if (differing.length + left.length > 0) {
  for (const path of [...differing.map(([path]) => path), ...left]) console.error(`out of date: ${path}`)
  console.error('Run: npm run docs')
  process.exitCode = 1
}
