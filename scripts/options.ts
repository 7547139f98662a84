/** The options of a script or a bench: what it can be asked, and one line for what it cannot. */
import type { ParseArgsConfig } from 'node:util'
import { parseArgs } from 'node:util'

/** Prints the help and ends, where that was asked for. */
export function helpIfAsked(help: string): void {
  if (!process.argv.slice(2).some((word) => word === '--help' || word === '-h')) return
  console.log(help)
  process.exit(0)
}

/** What was asked; whatever is no option ends the process with status 2. */
export function optionsOf<const Options extends NonNullable<ParseArgsConfig['options']>>(options: Options) {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    // Node adds sentences on positional arguments, which no script takes.
    const [says] = (error instanceof Error ? error.message : String(error)).split('. ')
    console.error(`${says}. See: --help`)
    process.exit(2)
  }
}
