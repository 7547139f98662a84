/** The command line: each command is a file of this folder, and adds itself to the program. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addClientCommands } from './client.ts'
import { report } from './command.ts'
import { addConnectionCommands } from './connection.ts'
import { addCopyCommand } from './copy.ts'
import { addDatabaseCommands } from './db.ts'
import { addDemoCommand } from './demo.ts'
import { addDoctorCommand } from './doctor.ts'
import { addEventCommands } from './events.ts'
import { addImportCommand } from './import.ts'
import { addKeyCommands } from './key.ts'
import { addLegacyCommands } from './legacy.ts'
import { addMailCommands } from './mail.ts'
import { addOrganizationCommands } from './organization.ts'
import { addOutboxCommands } from './outbox.ts'
import { addRequestTokenCommands } from './request-token.ts'
import { addServeCommand } from './serve.ts'
import { addUserCommands } from './user.ts'
import { addWebhookCommands } from './webhook.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('tokenferry')
  .description('Carries legacy API tokens across to OAuth 2.0.')
  .version(version)
  .configureOutput({
    outputError: (text, write) =>
      write(`${text.trim().replace(/^error:/, 'tokenferry:')} (--help shows how)\n`),
  })
  .addHelpText(
    'after',
    '\nEvery command takes --config FILE, or reads TOKENFERRY_CONFIG; else it reads ./tokenferry.yaml.',
  )

for (const add of [
  addServeCommand,
  addDemoCommand,
  addImportCommand,
  addClientCommands,
  addUserCommands,
  addOrganizationCommands,
  addConnectionCommands,
  addRequestTokenCommands,
  addLegacyCommands,
  addWebhookCommands,
  addOutboxCommands,
  addKeyCommands,
  addMailCommands,
  addDatabaseCommands,
  addCopyCommand,
  addEventCommands,
  addDoctorCommand,
]) {
  add(program)
}

// `… | head` stops reading before all is said: that is no mistake.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  await program.parseAsync(process.argv)
} catch (error) {
  report(error, process.argv.includes('--debug'))
  process.exitCode = 1
}
