/** Colours by the rules of WCAG 2.2, so that an operator's own colour can be read on every page. */

/** Red, green and blue, each 0 to 255. */
type Colour = readonly [number, number, number]

/** The grounds of text in the operator's colour, and of its buttons' text: they are of the card's colour. */
export const cards = { light: '#ffffff', dark: '#19212a' } as const

/** WCAG 2.2 §1.4.3: what text needs, at the least. */
export const contrastMin = 4.5

const hex = /^#[0-9a-f]{6}$/i

export const isColour = (text: string): boolean => hex.test(text)

/** WCAG 2.2, "contrast ratio": 1 for the same colour, 21 for black and white. */
export function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(read(one)), luminance(read(other))].sort((a, b) => a - b)
  return ((lighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05)
}

/** So much of another colour put into one: 0 leaves it, 1 replaces it. */
export function mix(one: string, other: string, share: number): string {
  const [from, to] = [read(one), read(other)]
  const parts = from.map((part, at) => Math.round(part + ((to[at] ?? 0) - part) * share))
  return write(parts)
}

/**
 * A colour made as much lighter as it needs to be read on a dark card. Hue and saturation stay: mixed with
 * white it would turn grey, and a grey button looks as if it could not be pressed.
 */
export function lightened(colour: string): string {
  const { hue, saturation, lightness } = toHsl(read(colour))
  let lighter = colour
  for (let light = lightness; contrast(lighter, cards.dark) < contrastMin + 1; light += 0.01) {
    lighter = fromHsl({ hue, saturation, lightness: Math.min(1, light) })
  }
  return lighter
}

/** Hue in degrees; saturation and lightness from 0 to 1. */
type Hsl = { readonly hue: number; readonly saturation: number; readonly lightness: number }

/** CSS Color Module Level 4 §7, both ways. */
function toHsl(colour: Colour): Hsl {
  const [red, green, blue] = colour.map((part) => part / 255) as [number, number, number] // Three stay three.
  const [least, most] = [Math.min(red, green, blue), Math.max(red, green, blue)]
  const [lightness, range] = [(least + most) / 2, most - least]
  if (range === 0) return { hue: 0, saturation: 0, lightness }
  const sixth =
    most === red
      ? ((green - blue) / range + 6) % 6
      : most === green
        ? (blue - red) / range + 2
        : (red - green) / range + 4
  return { hue: sixth * 60, saturation: range / (1 - Math.abs(2 * lightness - 1)), lightness }
}

function fromHsl({ hue, saturation, lightness }: Hsl): string {
  const reach = saturation * Math.min(lightness, 1 - lightness)
  const part = (turn: number): number => {
    const at = (turn + hue / 30) % 12
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1))))
  }
  return write([part(0), part(8), part(4)])
}

const write = (parts: readonly number[]): string =>
  `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`

function read(colour: string): Colour {
  const number = Number.parseInt(colour.slice(1), 16)
  return [number >> 16, (number >> 8) & 255, number & 255]
}

/** WCAG 2.2, "relative luminance". */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
