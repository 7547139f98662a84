/**
 * A mail as HTML. Mail programs are older than browsers: what must hold everywhere is an attribute of its
 * element, tables stand only where a width or a button would be lost without, and nothing is loaded from
 * elsewhere. Dark colours come by media query, which those that know it let win over the attributes.
 */
import type { Brand } from '../brand.ts'
import { cards } from '../colours.ts'
import type { Html } from '../pages/html.ts'
import { html } from '../pages/html.ts'
import type { Block, Mail } from './mail.ts'
import { shownAddress } from './mail.ts'

type Colours = {
  readonly ground: string
  readonly card: string
  readonly text: string
  readonly quiet: string
  readonly edge: string
  /** Of links and buttons. The configuration takes none that could not be read on the card. */
  readonly accent: string
}

export function asHtml(mail: Mail, { name, colours }: Pick<Brand, 'name' | 'colours'>): string {
  const light = {
    ground: '#eef1f4',
    card: cards.light,
    text: '#16202b',
    quiet: '#55616e',
    edge: '#d5dce3',
    accent: colours.light.accent,
  }
  const dark = {
    ground: '#10161c',
    card: cards.dark,
    text: '#e8edf2',
    quiet: '#a4b0bd',
    edge: '#2f3b47',
    accent: colours.dark.accent,
  }
  return page(mail, name, light, dark).html
}

const font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const digits =
  "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Courier New',monospace;" +
  'font-size:32px;line-height:40px;font-weight:600;letter-spacing:6px'
const broken = 'overflow-wrap:anywhere;word-break:break-word'

const page = (mail: Mail, name: string, light: Colours, dark: Colours): Html => html`<!doctype html>
<html lang="${mail.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>${mail.subject}</title>
<style>${styles(dark)}</style>
</head>
<body class="ground" style="margin:0;padding:0;background-color:${light.ground}">
<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${mail.preview}</div>
<table role="presentation" class="ground" width="100%" cellpadding="0" cellspacing="0" border="0"
  bgcolor="${light.ground}" style="background-color:${light.ground}"><tr><td align="center" class="around"
  style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"
  style="max-width:560px;margin:0 auto;text-align:left;${font}"><tr><td>
<header class="name" style="padding:0 4px 12px;font-size:16px;line-height:24px;font-weight:600;color:${light.text};${broken}"
>${name}</header>
<main class="card" style="display:block;padding:28px;background-color:${light.card};color:${light.text};
  border:1px solid ${light.edge};border-top:4px solid ${light.accent};border-radius:8px;
  font-size:16px;line-height:24px;${broken}">
${sayBlocks(mail.blocks, light)}</main>
<footer class="quiet" style="padding:14px 4px 0;font-size:13px;line-height:20px;color:${light.quiet};${broken}">
${mail.footer.map((line) => html`<p style="margin:0 0 4px">${line}</p>\n`)}</footer>
</td></tr></table>
</td></tr></table>
</body>
</html>
`

/** What stands at the end with less weight stands below a line. */
function sayBlocks(blocks: readonly Block[], look: Colours): Html {
  const last = blocks.findLastIndex(({ block }) => block !== 'quiet')
  // The address under a button stays with it.
  const end = blocks[last]?.block === 'button' ? last + 2 : last + 1
  const [weighty, rest] = [blocks.slice(0, end), blocks.slice(end)]
  return html`${weighty.map((one) => sayBlock(one, look))}${
    rest.length > 0 &&
    html`<div class="edge" style="margin:20px 0 -10px;padding:16px 0 0;border-top:1px solid ${look.edge}">
${rest.map((one) => sayBlock(one, look))}</div>\n`
  }`
}

function sayBlock(one: Block, look: Colours): Html {
  switch (one.block) {
    case 'heading':
      return html`<h1 style="margin:0 0 16px;font-size:21px;line-height:28px;font-weight:650">${one.text}</h1>\n`
    case 'paragraph':
      return html`<p style="margin:0 0 14px">${one.text}</p>\n`
    case 'list':
      return html`<p style="margin:0 0 6px;font-weight:600">${one.text}</p>
<ul style="margin:0 0 16px;padding:0 0 0 22px">${one.items.map(
        (item) => html`<li style="margin:0 0 4px">${item}</li>`,
      )}</ul>\n`
    case 'button':
      return html`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:20px 0"><tr>
<td class="button" bgcolor="${look.accent}" style="border-radius:6px;background-color:${look.accent}"><a
  class="button" href="${one.address}" style="display:inline-block;padding:12px 20px;border-radius:6px;
  background-color:${look.accent};color:${look.card};font-weight:600;text-decoration:none">${one.text}</a></td>
</tr></table>\n`
    case 'code':
      // Apart by spacing, not by spaces: copied, it is what is to be entered.
      return html`<p class="edge" style="margin:20px 0;padding:12px 16px;border:1px solid ${look.edge};border-radius:6px;
  ${digits};text-align:center;-webkit-user-select:all;user-select:all">${one.text}</p>\n`
    case 'quiet':
      return html`<p class="quiet" style="margin:0 0 10px;font-size:14px;line-height:21px;color:${look.quiet}">${one.text}${
        one.address !== undefined &&
        html` <a class="link" href="${one.address}" style="color:${look.accent}">${shownAddress(one.address)}</a>`
      }</p>\n`
  }
}

/** Colours come from the configuration, which lets nothing but `#rrggbb` be one. */
const styles = (dark: Colours): Html => html`
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .ground { background-color: ${dark.ground} !important; }
  .card { background-color: ${dark.card} !important; border-color: ${dark.edge} !important;
    border-top-color: ${dark.accent} !important; color: ${dark.text} !important; }
  .edge { border-color: ${dark.edge} !important; }
  .name { color: ${dark.text} !important; }
  .quiet { color: ${dark.quiet} !important; }
  .link { color: ${dark.accent} !important; }
  .button { background-color: ${dark.accent} !important; color: ${dark.card} !important; }
}
@media (max-width: 400px) { .around { padding: 12px 8px !important; } .card { padding: 20px 16px !important; } }
`
