/** A browser in plain words, from what it says of itself: enough for a user to tell sessions apart. */

export type BrowserName = { readonly browser: string | undefined; readonly system: string | undefined }

/** In this order: most browsers also name those that they descend from. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*\bSafari\//, 'Safari'],
]

const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac ?OS|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

/** What is not known by name is told by neither: a header is anybody's text. */
export const nameBrowser = (userAgent: string | undefined): BrowserName => ({
  browser: namedIn(userAgent, browsers),
  system: namedIn(userAgent, systems),
})

const namedIn = (
  userAgent: string | undefined,
  known: readonly (readonly [RegExp, string])[],
): string | undefined => known.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1]
