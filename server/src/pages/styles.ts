/** The one stylesheet: system fonts, light and dark, from 320 pixels up, in the operator's colours. */
import type { Brand } from '../brand.ts'
import { cards } from '../colours.ts'
import { sha256 } from '../kernel/ring.ts'
import { accountStyles } from './account-styles.ts'

export type Stylesheet = { readonly path: string; readonly text: string }

/** Its name changes with its content, so that a browser may keep it for ever. */
export function stylesheetOf(colours: Brand['colours']): Stylesheet {
  const text = scheme(colours) + styles + accountStyles
  return { text, path: `/assets/pages.css?${sha256(text).toString('hex').slice(0, 12)}` }
}

const scheme = ({ light, dark }: Brand['colours']): string => `
:root {
  color-scheme: light dark;
  --ground: #eef1f4; --card: ${cards.light}; --raised: #f5f7f9; --text: #16202b; --quiet: #55616e; --line: #7d8a98;
  --edge: #d5dce3; --accent: ${light.accent}; --accent-over: ${light.over}; --on-accent: ${cards.light};
  --alarm: #8f1d1d; --alarm-over: #6d1414; --alarm-ground: #fdeeee; --wait: #6b4500; --wait-ground: #fff3d6;
  --fine: #1b5e34; --fine-ground: #e5f5ea; --shadow: 0 1px 2px rgb(16 32 48 / 6%), 0 8px 24px rgb(16 32 48 / 7%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10161c; --card: ${cards.dark}; --raised: #212b35; --text: #e8edf2; --quiet: #a4b0bd; --line: #7b8896;
    --edge: #2f3b47; --accent: ${dark.accent}; --accent-over: ${dark.over}; --on-accent: ${cards.dark};
    --alarm: #ffb4ab; --alarm-over: #ffd2cc; --alarm-ground: #3a1d1d; --wait: #f6cf7d; --wait-ground: #372a0d;
    --fine: #94d8aa; --fine-ground: #14301f; --shadow: none;
  }
}
`

const styles = `
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; background: var(--ground);
  color: var(--text); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column;
  align-items: center; padding: 1.5rem 1rem; }
body::before, body::after { content: ''; flex: 1 0 0; }
body::after { flex-grow: 1.5; }
h1 { margin: 0; font-size: 1.375rem; line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; text-wrap: balance; }
h2 { margin: 1.75rem 0 0; font-size: 1.0625rem; line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; }
p { margin: 0.5rem 0 0; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 0.15em; }
a:hover { color: var(--accent-over); }
code { font-family: ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
pre { margin: 1rem 0 0; font: inherit; font-size: 0.9375rem; white-space: pre-wrap; overflow-wrap: anywhere; }
ul { list-style: disc; margin: 0.375rem 0 0; padding: 0 0 0 1.25rem; }
li { padding: 0.125rem 0; overflow-wrap: anywhere; }
li::marker { color: var(--accent); }
dt { margin: 1rem 0 0.25rem; font-weight: 600; font-size: 0.9375rem; }
dd { margin: 0; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.quiet { color: var(--quiet); font-size: 0.9375rem; }

.brand { color: var(--text); font-size: 1.0625rem; font-weight: 650; text-decoration: none; overflow-wrap: anywhere; }
a.brand:hover { color: var(--text); text-decoration: underline; }
.above { width: 100%; max-width: 27rem; margin: 0 0 1rem; padding: 0 0.25rem; text-align: center; }
.card { width: 100%; max-width: 27rem; background: var(--card); border: 1px solid var(--edge);
  border-radius: 0.75rem; padding: 2rem; box-shadow: var(--shadow); }
@media (max-width: 28rem) { body { padding: 0.75rem; } .card { padding: 1.25rem; } .above { margin: 0.25rem 0 0.75rem; } }
footer { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; justify-content: center; max-width: 100%; margin: 1rem 0 0;
  color: var(--quiet); font-size: 0.875rem; text-align: center; }
footer span, footer a { overflow-wrap: anywhere; min-width: 0; }
footer a { display: inline-block; padding: 0.125rem 0; color: inherit; }
footer a:hover { color: var(--text); }

.alarm { margin: 1.25rem 0 0; padding: 0.625rem 0.875rem; border-left: 4px solid var(--alarm);
  border-radius: 0.25rem; background: var(--alarm-ground); color: var(--alarm); }
.told { margin: 1.25rem 0 0; padding: 0.625rem 0.875rem; border-left: 4px solid var(--fine);
  border-radius: 0.25rem; background: var(--fine-ground); color: var(--fine); }

form { margin: 1.5rem 0 0; }
label, legend, .label { display: block; padding: 0; margin: 1rem 0 0.375rem; font-weight: 600; font-size: 0.9375rem; }
input[type='text'], input[type='password'], input[type='search'] { width: 100%; min-height: 2.75rem; margin: 0;
  padding: 0.5rem 0.75rem; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 0.375rem; appearance: none; }
input[type='text']:focus, input[type='password']:focus, input[type='search']:focus { border-color: var(--accent); }
[aria-invalid] { border-color: var(--alarm) !important; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.choice { display: flex; gap: 0.625rem; align-items: center; min-height: 2.75rem; margin: 0.375rem 0 0;
  padding: 0.5rem 0.75rem; border: 1px solid var(--line); border-radius: 0.375rem; font-weight: 400;
  overflow-wrap: anywhere; cursor: pointer; }
.choice:hover { background: var(--raised); }
.choice:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.choice input { flex: none; width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent); }
.choice span { min-width: 0; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1.5rem 0 0; }
button, .button { flex: 1 1 8rem; min-height: 2.75rem; padding: 0.5rem 1rem; font: inherit; font-weight: 600;
  text-align: center; text-decoration: none; cursor: pointer; border: 1px solid var(--accent);
  border-radius: 0.375rem; background: var(--accent); color: var(--on-accent); overflow-wrap: anywhere; }
button:hover, .button:hover { background: var(--accent-over); border-color: var(--accent-over); color: var(--on-accent); }
button.second, .button.second { background: transparent; color: var(--text); border-color: var(--line); }
button.second:hover, .button.second:hover { background: var(--raised); color: var(--text); border-color: var(--text); }
button.danger, .button.danger { background: var(--alarm); border-color: var(--alarm); color: var(--card); }
button.danger:hover, .button.danger:hover { background: var(--alarm-over); border-color: var(--alarm-over); color: var(--card); }
button.link { flex: none; min-height: 1.5rem; padding: 0; border: 0; border-radius: 0.125rem; background: none;
  color: var(--accent); font-weight: 400; text-decoration: underline; text-underline-offset: 0.15em; }
button.link:hover { background: none; color: var(--accent-over); }
.account { display: flex; flex-wrap: wrap; gap: 0 0.5rem; align-items: baseline; margin: 1.25rem 0 0;
  padding: 1rem 0 0; border-top: 1px solid var(--edge); color: var(--quiet); font-size: 0.9375rem; }
.account span { overflow-wrap: anywhere; min-width: 0; }

.tile { flex: none; display: inline-flex; width: 3rem; height: 3rem; align-items: center; justify-content: center;
  border-radius: 0.625rem; font-size: 1.375rem; font-weight: 650; line-height: 1; color: #ffffff; object-fit: contain; }
img.tile { background: #ffffff; border: 1px solid var(--edge); padding: 0.125rem; }
.tile-0 { background: #0f5f8a; } .tile-1 { background: #7a3e9d; } .tile-2 { background: #1d6b45; }
.tile-3 { background: #a33a2c; } .tile-4 { background: #5b4bb5; } .tile-5 { background: #86560b; }
.tile-6 { background: #2a6470; } .tile-7 { background: #9c2f6a; }
.section { margin-top: 1.25rem; }
.fact { margin: 0; font-size: 1.0625rem; }
.or { display: flex; gap: 0.75rem; align-items: center; margin: 1.5rem 0 0; color: var(--quiet); font-size: 0.9375rem; }
.or::before, .or::after { content: ''; flex: 1; border-top: 1px solid var(--edge); }
.or + form { margin-top: 0; }
.app { display: flex; gap: 0.875rem; align-items: flex-start; min-width: 0; }
.app + .lead { margin-top: 1rem; }
.scopes ~ p.quiet { margin-top: 0.875rem; }
.app div { min-width: 0; }
.app p { margin: 0.125rem 0 0; }
.scopes { list-style: none; margin: 0.375rem 0 0; padding: 0; border: 1px solid var(--edge); border-radius: 0.5rem; }
.scopes li { padding: 0.625rem 0.875rem; border-top: 1px solid var(--edge); }
.scopes li:first-child { border-top: 0; }
.scopes.before { background: var(--raised); color: var(--quiet); }
.scopes code { display: block; color: var(--quiet); font-size: 0.8125rem; }
details { margin: 0.75rem 0 0; }
summary { min-height: 1.5rem; cursor: pointer; color: var(--quiet); font-size: 0.9375rem; }
summary:hover { color: var(--text); }
@media (forced-colors: active) {
  .card, .choice, .scopes, .tile, .badge, .item { border: 1px solid CanvasText; }
  .choice:has(:checked) { outline: 2px solid Highlight; }
}
@media (prefers-reduced-motion: no-preference) {
  button, .button, a, .choice { transition: background-color 0.12s, border-color 0.12s, color 0.12s; }
}
`
