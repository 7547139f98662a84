/** The house rules that a machine can keep. Each says in its message why it is there. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { suite, test } from 'node:test'
import ts from 'typescript'
import { dialects } from '../server/src/dialects/index.ts'
import { operations } from '../server/src/kernel/operations/index.ts'
import { reasons } from '../server/src/kernel/refusals.ts'
import { folders, globbed, read, root } from './files.ts'

const source = 'server/src/'
const all = globbed(['server/src', 'scripts', 'bench'], '.ts')
const isTest = (path: string): boolean =>
  path.endsWith('.test.ts') || /\/(testing|promises|faults|real-clients)\/|storage\/contract/.test(path)
/** What the server is made of, by path from `server/src`. */
const product = all
  .filter((path) => path.startsWith(source) && !isTest(path))
  .map((path) => path.slice(source.length))
const parsed = new Map(all.map((path) => [path, parse(path)]))
const roomOf = (path: string): string => path.split('/').slice(0, -1)[0] ?? ''
const dialectFiles = dialects.map(({ name }) => `dialects/${name}.ts`)

/** Nothing found, else all of it at once: who tidies up wants the whole list. */
function none(found: readonly string[], why: string): void {
  assert.equal(found.length, 0, `${why}\n  ${found.join('\n  ')}`)
}

suite('tidy: what may import what', () => {
  const node = /^node:/
  /** For each room, what its files may import beside their own room. */
  const allowed: Readonly<Record<string, readonly (string | RegExp)[]>> = {
    kernel: ['node:crypto'],
    dialects: ['kernel'],
    storage: ['kernel', '@photostructure/sqlite', 'pg', 'pg-copy-streams', node],
    keys: ['kernel', '@node-rs/argon2', node],
    passwords: ['kernel', 'keys'],
    http: ['kernel', 'dialects', 'passwords/passwords.ts', 'fastify', node],
    words: ['kernel'],
    mail: [
      'kernel',
      'words',
      'brand.ts',
      'colours.ts',
      'config-language.ts',
      'outbox/sender.ts',
      'pages/html.ts',
      'nodemailer',
      node,
    ],
    callbacks: ['kernel', 'dialects', 'outbox/sender.ts', node],
    provider: ['kernel', 'keys', 'config-sign-in.ts', 'openid-client'],
  }
  const why: Readonly<Record<string, string>> = {
    kernel:
      'The kernel is pure: it imports nothing but itself and hashing, so that every rule is tested with plain data.',
    dialects:
      'A dialect is data over the kernel: what it imports beyond that would be a second way to do things.',
    storage:
      'Storage keeps what the kernel decides; what it imports beyond kernel and drivers would decide, too.',
    keys: 'Keys stand below everything that uses them.',
    http: 'http/ runs any dialect over any kernel; pages, commands and composition stand above it.',
    passwords: 'A password is looked at in one place, and what comes of it is the kernel’s.',
    words: 'Words are read by pages and mails alike; they know neither.',
    mail: 'A mail says what its words say; to whom, when and how often, the outbox decides.',
    provider: 'What a provider says is heard here; what becomes of it, the kernel and the pages decide.',
    callbacks: 'Telling apps is what a sender does; when, and how often, the outbox decides.',
  }
  for (const [room, also] of Object.entries(allowed)) {
    test(`${room}/ imports only what it may`, () => {
      const found = product
        .filter((path) => roomOf(path) === room)
        .flatMap((path) => importsOf(path).map((one) => ({ path, ...one })))
        .filter(({ target }) => roomOf(target) !== room && !also.some((one) => matches(target, one)))
      none(
        found.map(({ path, target }) => `${path} imports ${target}`),
        why[room] ?? '',
      )
    })
  }

  test('kernel/ takes only hashing from node:crypto', () => {
    const hashing = ['createHash', 'hash', 'timingSafeEqual']
    const found = product
      .filter((path) => roomOf(path) === 'kernel')
      .flatMap((path) => importsOf(path).map((one) => ({ path, ...one })))
      .filter(({ target }) => target === 'node:crypto')
      .flatMap(({ path, names }) =>
        names.filter((name) => !hashing.includes(name)).map((name) => `${path}: ${name}`),
      )
    none(found, 'Chance comes in with the moment; ciphers and key derivation live in keys/.')
  })

  test('only commands, the demo, tests, benches and scripts import main.ts', () => {
    const found = product
      .filter((path) => roomOf(path) !== 'cli' && path !== 'demo.ts')
      .filter((path) => importsOf(path).some(({ target }) => target === 'main.ts'))
    none(found, 'main.ts alone knows all; what it knows must not know it.')
  })

  test('only dialects/index.ts imports a dialect', () => {
    const found = product
      .filter((path) => path !== 'dialects/index.ts')
      .flatMap((path) => importsOf(path).map(({ target }) => ({ path, target })))
      .filter(({ target }) => dialectFiles.includes(target))
    none(
      found.map(({ path, target }) => `${path} imports ${target}`),
      'A dialect must be removable by one line.',
    )
  })

  test('the product imports nothing that is for tests', () => {
    const found = product.flatMap((path) =>
      importsOf(path)
        .filter(({ target }) => isTest(source + target))
        .map(({ target }) => `${path} imports ${target}`),
    )
    none(found, 'What tests stand on is not shipped.')
  })
})

suite('tidy: the kernel is pure', () => {
  const kernel = product.filter((path) => roomOf(path) === 'kernel')

  test('no clock, no chance and no process in it', () => {
    const impure = new Set([
      'Date',
      'randomBytes',
      'randomUUID',
      'process',
      'performance',
      'setTimeout',
      'fetch',
      'console',
    ])
    const found = kernel.flatMap((path) =>
      nodesOf(path)
        .filter((node) => ts.isIdentifier(node) && !isMemberName(node))
        .filter((node) => impure.has(node.getText()) || node.parent.getText() === 'Math.random')
        .map((node) => `${place(path, node)}: ${node.getText()}`),
    )
    none(
      found,
      'Time and chance are handed in with the moment, so that every decision can be tested and repeated.',
    )
  })

  test('it waits only in look and in the loop', () => {
    const found = kernel
      .filter((path) => path !== 'kernel/kernel.ts')
      .flatMap((path) =>
        nodesOf(path)
          .filter((node) => ts.isAwaitExpression(node) && !isInLook(node))
          .map((node) => place(path, node)),
      )
    none(found, 'A decision that waits could decide on facts that are no longer so.')
  })
})

suite('tidy: dialects', () => {
  test('each has a transcript and its file has its name', () => {
    const found = dialects
      .flatMap(({ name }) => [`dialects/${name}.ts`, `dialects/${name}.http`])
      .filter((path) => !existsSync(join(root, source, path)))
    none(found, 'A transcript is the proof that a dialect speaks as its company does. Missing:')
  })

  test('no dialect is named outside of its own files, the index, tests and pages', () => {
    // `code` is an ordinary word in OAuth, and a literal of it is a response type or a parameter.
    const names = dialects.map(({ name }) => name).filter((name) => name !== 'code')
    const found = product
      .filter((path) => path !== 'dialects/index.ts')
      .flatMap((path) =>
        nodesOf(path)
          .filter((node) => ts.isStringLiteralLike(node) || ts.isIdentifier(node))
          .filter((node) => names.some((name) => isNaming(node, name) && path !== `dialects/${name}.ts`))
          .map((node) => `${place(path, node)}: ${node.getText()}`),
      )
    none(found, 'Code that knows a dialect by name would have to change for the next one.')
  })

  test('nobody asks what a dialect is called', () => {
    const found = product
      .filter((path) => path !== 'dialects/index.ts')
      .flatMap((path) =>
        nodesOf(path)
          .filter((node) => ts.isBinaryExpression(node) && /^[!=]==/.test(node.operatorToken.getText()))
          .filter((node) => /\bdialect\.name\b/.test(node.getText()))
          .map((node) => place(path, node)),
      )
    none(found, 'What differs between dialects is a column of `Dialect`, never an `if`.')
  })
})

suite('tidy: shape', () => {
  const isComment = (line: string): boolean => /^\s*(\/\/|\/?\*)/.test(line)
  const lengthMaxOf = (path: string): number => {
    const isTable =
      dialectFiles.includes(path.slice(source.length)) || /statements\.ts$|\/words\/[a-z]{2}\.ts$/.test(path)
    return isTest(path) || isTable ? 500 : 300
  }

  test('files are short', () => {
    const found = all
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > lengthMaxOf(path))
    none(
      found.map(({ path, lines }) => `${path}: ${lines} lines`),
      'A file of more than 300 lines (tables, tests: 500) has two subjects.',
    )
  })

  test('functions are short', () => {
    const found = all
      .filter((path) => !isTest(path))
      .flatMap((path) => functionsOf(path).map((node) => ({ path, node, lines: ownLinesOf(node) })))
      .filter(({ lines }) => lines > 70)
    none(
      found.map(({ path, node, lines }) => `${place(path, node)}: ${lines} lines of its own`),
      'A function of more than 70 lines, those of the functions inside it not counted, cannot be read at once.',
    )
  })

  test('lines are short', () => {
    const found = all.flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, at) =>
          line.length > (isComment(line) ? 110 : 140) ? [`${path}:${at + 1}: ${line.length} characters`] : [],
        ),
    )
    // The formatter breaks code at 110; what it may not break (a sentence, a statement) gets a little more.
    none(found, 'Code is read side by side: comments end at 110 characters, the longest text at 140.')
  })

  test('files are named in kebab-case after what they hold', () => {
    const found = all.filter((path) => !/^[a-z0-9-]+(\.test)?\.ts$/.test(path.split('/').at(-1) ?? ''))
    none(found, 'One way of writing names finds every file.')
  })

  test('words that say nothing are not used', () => {
    const banned: readonly (readonly [RegExp, string])[] = [
      [/(?<!node:)\butil(s|ities)?\b/i, 'name the file after what it does'],
      [/\bhelpers?\b/i, 'name the function after what it does'],
      [/\b(TO|FIX)(DO|ME)\b/, 'do it, or leave it out'],
      [/\b\w+(Manager|Impl|Dto)\b/, 'name the thing'],
      [/\bXXX\b/, 'say what is meant'],
    ]
    const found = all
      .filter((path) => !path.endsWith('tidy.test.ts'))
      .flatMap((path) =>
        [path, ...read(path).split('\n')].flatMap((line, at) =>
          banned
            .filter(([word]) => word.test(line))
            .map(([word, instead]) => `${path}:${at}: ${word}; ${instead}`),
        ),
      )
    none(found, 'Names are the field’s terms.')
  })

  test('no default exports, no classes but errors, nothing typed any', () => {
    const found = all.flatMap((path) =>
      nodesOf(path)
        .filter(
          (node) =>
            ts.isExportAssignment(node) ||
            (node.kind === ts.SyntaxKind.DefaultKeyword && ts.isFunctionDeclaration(node.parent)) ||
            node.kind === ts.SyntaxKind.AnyKeyword ||
            ts.isNonNullExpression(node) ||
            (ts.isClassDeclaration(node) && !/extends \w*Error\b/.test(node.getText())),
        )
        .map((node) => `${place(path, node)}: ${node.getText().split('\n')[0]}`),
    )
    none(found, 'Plain data and functions; the compiler must see all types.')
  })

  test('each operation has its decision test beside it', () => {
    const found = Object.keys(operations)
      .map((name) => `kernel/operations/${name.replaceAll('_', '-')}`)
      .filter((path) => !existsSync(join(root, source, `${path}.test.ts`)))
    none(found, 'A rule without a test is an opinion. Missing:')
  })

  test('each refusal is named by a test or a transcript', () => {
    const tests = [...all.filter(isTest), ...globbed(['server/src'], '.http')]
      .filter((path) => !path.endsWith('tidy.test.ts'))
      .map(read)
      .join('\n')
    const found = reasons.filter((reason) => !new RegExp(`\\b${reason}\\b`).test(tests))
    none(found, 'A refusal that nothing causes is dead, or was never tried. Missing:')
  })
})

suite('tidy: pages', () => {
  const pages = [
    ...readdirSync(root).filter((name) => name.endsWith('.md')),
    ...globbed(
      ['docs', 'server', 'bench', 'scripts'].filter((folder) => existsSync(join(root, folder))),
      '.md',
    ),
  ]

  test('each room says what it owns, what it must not do and where to start, in 20 lines', () => {
    const found = folders('server/src')
      .slice(1)
      .filter((folder) => readdirSync(join(root, folder)).some((name) => name.endsWith('.ts')))
      .map((folder) => `${folder}/README.md`)
      .filter((path) => !existsSync(join(root, path)) || read(path).trimEnd().split('\n').length > 20)
    none(found, 'Reading the READMEs of all rooms must take five minutes. Missing, or too long:')
  })

  test('each page has one title', () => {
    const found = pages
      .map((path) => ({ path, titles: withoutCode(read(path)).match(/^# /gm)?.length ?? 0 }))
      .filter(({ titles }) => titles !== 1)
    none(
      found.map(({ path, titles }) => `${path}: ${titles}`),
      'A page has one subject.',
    )
  })

  test('no link leads nowhere', () => {
    const found = pages.flatMap((path) =>
      [...withoutCode(read(path)).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = '']) => target.split('#')[0] ?? '')
        .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
        .filter((target) => !existsSync(join(root, normalize(join(dirname(path), target)))))
        .map((target) => `${path}: ${target}`),
    )
    none(found, 'A dead link is a promise broken.')
  })

  test('the lock file names no host', () => {
    const found = read('package-lock.json')
      .split('\n')
      .filter((line) => line.includes('"resolved": "http'))
    none(found, 'An install must work wherever packages come from.')
  })
})

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true)
}

function fileOf(path: string): ts.SourceFile {
  const file = parsed.get(path) ?? parsed.get(source + path)
  if (!file) throw new Error(`${path} was not read.`)
  return file
}

function nodesOf(path: string): readonly ts.Node[] {
  const nodes: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    nodes.push(node)
    ts.forEachChild(node, visit)
  }
  visit(fileOf(path))
  return nodes
}

const place = (path: string, node: ts.Node): string =>
  `${path}:${node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1}`

type Import = { readonly target: string; readonly names: readonly string[] }

/** What a file imports, ours by its path from `server/src`. */
function importsOf(path: string): readonly Import[] {
  return nodesOf(path)
    .filter((node) => ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    .flatMap((node) => {
      const specifier = node.moduleSpecifier
      if (!specifier || !ts.isStringLiteral(specifier)) return []
      const { text } = specifier
      const target = text.startsWith('.') ? normalize(join(dirname(path), text)) : text
      const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : undefined
      const named = bindings && ts.isNamedImports(bindings) ? bindings.elements : []
      return [{ target, names: named.map(({ name, propertyName }) => (propertyName ?? name).getText()) }]
    })
}

const matches = (target: string, one: string | RegExp): boolean =>
  typeof one === 'string' ? target === one || target.startsWith(`${one}/`) : one.test(target)

/** `x.Date`, `{ process: 1 }`, `type: { Date: … }`: a name of a member, not the thing itself. */
const isMemberName = (node: ts.Node): boolean =>
  (ts.isPropertyAccessExpression(node.parent) && node.parent.name === node && node.getText() !== 'random') ||
  ((ts.isPropertyAssignment(node.parent) || ts.isPropertySignature(node.parent)) && node.parent.name === node)

function isInLook(node: ts.Node): boolean {
  for (let around = node.parent; around; around = around.parent) {
    const name =
      ts.isMethodDeclaration(around) ||
      ts.isFunctionDeclaration(around) ||
      ts.isPropertyAssignment(around) ||
      ts.isVariableDeclaration(around)
        ? around.name?.getText()
        : undefined
    if (name !== undefined && /^look/.test(name)) return true
  }
  return false
}

const isNaming = (node: ts.Node, name: string): boolean =>
  ts.isStringLiteralLike(node) ? node.text.toLowerCase() === name : node.getText().toLowerCase() === name

function functionsOf(path: string): readonly ts.Node[] {
  return nodesOf(path).filter(ts.isFunctionLike)
}

function linesOf(node: ts.Node): number {
  const file = node.getSourceFile()
  const [from, to] = [node.getStart(), node.getEnd()].map((at) => file.getLineAndCharacterOfPosition(at).line)
  return (to ?? 0) - (from ?? 0) + 1
}

/** Its lines without those of the functions inside it. */
function ownLinesOf(node: ts.Node): number {
  let lines = linesOf(node)
  const visit = (inner: ts.Node): void => {
    if (ts.isFunctionLike(inner)) lines -= linesOf(inner)
    else ts.forEachChild(inner, visit)
  }
  ts.forEachChild(node, visit)
  return lines
}

const withoutCode = (text: string): string =>
  text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '')
