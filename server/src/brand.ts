import type { Config } from './config.ts'

/** In whose name the pages and mails speak. */
export type Brand = {
  /** The operator's name, as users know it. */
  readonly name: string
  /** Where users get help: an address of a page or of mail. */
  readonly support: string | undefined
}

/** Without a name in the configuration, the host's stands for it. */
export const brandOf = ({ public_url }: Config): Brand => ({
  name: new URL(public_url).host,
  support: undefined,
})
