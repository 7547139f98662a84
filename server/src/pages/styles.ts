/** The one stylesheet: system fonts, light and dark, from 320 pixels up. */
import { sha256 } from '../kernel/ring.ts'

export const stylesheet = `
:root {
  color-scheme: light dark;
  --ground: #eef1f4; --card: #ffffff; --text: #16202b; --quiet: #55616e; --line: #8693a1; --edge: #d5dce3;
  --accent: #0b5c7f; --accent-over: #084863; --on-accent: #ffffff; --alarm: #8f1d1d; --alarm-ground: #fdeeee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10161c; --card: #19212a; --text: #e8edf2; --quiet: #a4b0bd; --line: #74818e; --edge: #2c3742;
    --accent: #66c1e6; --accent-over: #8ed3ef; --on-accent: #06222f; --alarm: #ffb4ab; --alarm-ground: #3a1d1d;
  }
}
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, sans-serif; background: var(--ground); color: var(--text); }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column;
  align-items: center; justify-content: center; padding: 1.5rem 1rem; }
main { width: 100%; max-width: 25rem; background: var(--card); border: 1px solid var(--edge);
  border-radius: 0.75rem; padding: 2rem; box-shadow: 0 1px 2px rgb(0 0 0 / 6%), 0 8px 24px rgb(0 0 0 / 6%); }
@media (max-width: 26rem) { body { padding: 0.75rem; } main { padding: 1.25rem; } }
h1 { margin: 0; font-size: 1.375rem; line-height: 1.25; font-weight: 650; overflow-wrap: anywhere; }
p { margin: 0.5rem 0 0; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: 0.9375rem; }
.alarm { margin: 1.25rem 0 0; padding: 0.625rem 0.875rem; border-left: 4px solid var(--alarm);
  border-radius: 0.25rem; background: var(--alarm-ground); color: var(--alarm); }
form { margin: 1.5rem 0 0; }
label, legend, .label { display: block; padding: 0; margin: 1rem 0 0.375rem; font-weight: 600; font-size: 0.9375rem; }
input[type='text'], input[type='password'] { width: 100%; min-height: 2.75rem; padding: 0.5rem 0.75rem;
  font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 0.375rem; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.choice { display: flex; gap: 0.625rem; align-items: center; min-height: 2.75rem; margin: 0.375rem 0 0;
  padding: 0.5rem 0.75rem; border: 1px solid var(--edge); border-radius: 0.375rem; font-weight: 400;
  overflow-wrap: anywhere; cursor: pointer; }
.choice:has(:checked) { border-color: var(--accent); }
.choice input { flex: none; width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent); }
ul { list-style: disc; margin: 0.375rem 0 0; padding: 0 0 0 1.25rem; }
li { padding: 0.125rem 0; overflow-wrap: anywhere; }
li::marker { color: var(--accent); }
a { color: var(--accent); }
dt { margin: 1rem 0 0.25rem; font-weight: 600; font-size: 0.9375rem; } dd { margin: 0; overflow-wrap: anywhere; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1.5rem 0 0; }
button, .button { flex: 1 1 8rem; min-height: 2.75rem; padding: 0.5rem 1rem; font: inherit; font-weight: 600;
  text-align: center; text-decoration: none; cursor: pointer; border: 1px solid var(--accent);
  border-radius: 0.375rem; background: var(--accent); color: var(--on-accent); }
button:hover, .button:hover { background: var(--accent-over); border-color: var(--accent-over); }
button.second { background: transparent; color: var(--text); border-color: var(--line); }
button.second:hover { border-color: var(--text); }
.account { display: flex; flex-wrap: wrap; gap: 0 0.5rem; align-items: baseline; margin: 1.25rem 0 0;
  padding: 1rem 0 0; border-top: 1px solid var(--edge); color: var(--quiet); font-size: 0.9375rem; }
.account span { overflow-wrap: anywhere; }
button.link { flex: none; min-height: 1.5rem; padding: 0; border: 0; border-radius: 0.125rem; background: none;
  color: var(--accent); font-weight: 400; text-decoration: underline; }
button.link:hover { background: none; color: var(--accent-over); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
footer { margin: 1rem 0 0; color: var(--quiet); font-size: 0.875rem; overflow-wrap: anywhere; text-align: center; }
@media (forced-colors: active) { main, .choice { border-color: CanvasText; } }
`

/** The stylesheet's name changes with its content, so that a browser may keep it for ever. */
export const stylesheetPath = `/assets/pages.css?${sha256(stylesheet).toString('hex').slice(0, 12)}`
