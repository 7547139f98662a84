/** A region on the command line, held against those of the configuration. */
import type { Config } from '../config.ts'
import { CommandError } from './command.ts'

/** Refuses one that the configuration does not name: nobody would ever be sent there. */
export function checkRegion(region: string | undefined, { regions }: Pick<Config, 'regions'>): void {
  // An organization's may be recorded as the address itself.
  const isKnown = region === undefined || !regions || Object.hasOwn(regions, region) || isAddress(region)
  if (isKnown) return
  throw new CommandError(
    `There is no region ${region} in the configuration; there are ${Object.keys(regions).join(', ')}.`,
  )
}

const isAddress = (region: string): boolean => /^https?:\/\//.test(region)

/** What `--region` and `--no-region` say: `undefined` in it takes the region away. */
export const regionIn = ({
  region,
}: {
  readonly region?: string | false
}): { readonly region?: string | undefined } =>
  region === undefined ? {} : { region: region === false ? undefined : region }
