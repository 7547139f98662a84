import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { makeRootSecret } from '../keys/root-secret.ts'
import { examine } from './doctor-checks.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenferry-doctor-'))
const now = Date.now()
after(() => rmSync(folder, { recursive: true }))

function configured(database: string, secret: string): string {
  const path = join(folder, 'tokenferry.yaml')
  const settings = {
    public_url: 'http://127.0.0.1:4000',
    database: `sqlite:${join(folder, database)}`,
    root_secret: `file:${join(folder, secret)}`,
    mounts: [{ dialect: 'standard', prefix: '/' }],
  }
  writeFileSync(path, JSON.stringify(settings))
  return path
}

async function said(path: string, about: string): Promise<string[]> {
  const findings = await examine(path, now)
  return findings.filter((one) => one.about === about).map(({ result, says }) => `${result}: ${says}`)
}

suite('doctor', () => {
  test('a root secret beside the database is warned of, and one elsewhere is not', async () => {
    mkdirSync(join(folder, 'secret'))
    makeRootSecret(join(folder, 'root-secret'))
    makeRootSecret(join(folder, 'secret/root-secret'))
    const beside = await said(configured('tokenferry.db', 'root-secret'), 'root_secret')
    assert.match(beside.join('\n'), /^warn: lies beside the database/m)
    const apart = await said(configured('tokenferry.db', 'secret/root-secret'), 'root_secret')
    assert.deepEqual(
      apart.map((line) => line.slice(0, 3)),
      ['ok:'],
    )
  })
})
