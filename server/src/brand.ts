import { lightened, mix } from './colours.ts'
import type { Config } from './config.ts'

/** In whose name the pages and mails speak. */
export type Brand = {
  /** The operator's name, as users know it. */
  readonly name: string
  /** Where users get help: the address of a page, or `mailto:` and one of mail. */
  readonly support: string | undefined
  /** Of links and buttons, and of buttons under the pointer. */
  readonly colours: {
    readonly light: { readonly accent: string; readonly over: string }
    readonly dark: { readonly accent: string; readonly over: string }
  }
}

const accentDefault = '#0b5c7f'
const accentDarkDefault = '#66c1e6'

/** Without a name in the configuration, the host's stands for it. */
export function brandOf({ brand, public_url }: Pick<Config, 'brand' | 'public_url'>): Brand {
  const accent = brand.accent ?? accentDefault
  // A colour chosen for white paper is rarely one for the night.
  const accentDark = brand.accent_dark ?? (brand.accent === undefined ? accentDarkDefault : lightened(accent))
  return {
    name: brand.name ?? new URL(public_url).host,
    support: brand.support?.includes('://') === false ? `mailto:${brand.support}` : brand.support,
    colours: {
      // Away from the card's colour, so that the contrast only grows.
      light: { accent, over: mix(accent, '#000000', 0.25) },
      dark: { accent: accentDark, over: mix(accentDark, '#ffffff', 0.3) },
    },
  }
}
