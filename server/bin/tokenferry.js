#!/usr/bin/env node
// Finds the source, or what was built of it. Node 20 runs no TypeScript by itself: there, tsx loads it.
import { existsSync } from 'node:fs'

const source = new URL('../src/cli/cli.ts', import.meta.url)
if (existsSync(source)) {
  if (!process.features.typescript) {
    const { register } = await import('tsx/esm/api')
    register()
  }
  await import(source.href)
} else {
  await import(new URL('../dist/cli/cli.js', import.meta.url).href)
}
