/** `tokenferry doctor`: what is wrong, and what to do. It changes nothing. */
import type { Command } from 'commander'
import type { Shared } from './command.ts'
import { exampled, withShared } from './command.ts'
import { examine } from './doctor-checks.ts'
import type { Finding } from './doctor-finding.ts'
import { say, sayJson } from './output.ts'

export function addDoctorCommand(program: Command): void {
  const command = withShared(
    program
      .command('doctor')
      .description('look at configuration, database, keys, clock: what is wrong, what to do'),
  )
    .option('--json', 'print JSON, for scripts')
    .action(async (options: Shared) => {
      const findings = await examine(options.config, Date.now())
      if (options.json) sayJson(findings)
      else for (const finding of findings) say(lineOf(finding))
      if (findings.some(({ result }) => result === 'fail')) process.exitCode = 1
    })
  exampled(command, 'tokenferry doctor --config tokenferry.yaml')
}

const lineOf = ({ result, about, says }: Finding): string =>
  `${result.padEnd(4)}  ${about.padEnd(12)}  ${says}`
