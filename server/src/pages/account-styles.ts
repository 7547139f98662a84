/** What the account's pages have beside the narrow card: a wide frame, lists, tables, badges. */
export const accountStyles = `
body.wide { align-items: stretch; padding: 0; }
body.wide main { flex: 1 0 auto; }
body.wide::before, body.wide::after { content: none; }
.skip { position: absolute; left: 1rem; top: -4rem; padding: 0.5rem 1rem; border-radius: 0.375rem;
  background: var(--card); color: var(--text); z-index: 1; }
.skip:focus { top: 0.5rem; }
.frame { width: 100%; max-width: 60rem; margin: 0 auto; padding: 0 1.5rem; }
.top { background: var(--card); border-bottom: 1px solid var(--edge); }
.bar { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; align-items: baseline; justify-content: space-between;
  padding-top: 1rem; padding-bottom: 0.5rem; }
.bar form { display: flex; flex-wrap: wrap; gap: 0 0.875rem; align-items: baseline; margin: 0; min-width: 0;
  color: var(--quiet); font-size: 0.9375rem; }
.bar span { overflow-wrap: anywhere; min-width: 0; }
.tabs ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0 1.5rem; margin: 0; padding: 0; }
.tabs li { padding: 0; min-width: 0; }
.tabs a { display: block; padding: 0.625rem 0; color: var(--quiet); text-decoration: none; border-bottom: 3px solid transparent; }
.tabs a:hover { color: var(--text); border-color: var(--line); }
.tabs a[aria-current] { color: var(--text); font-weight: 600; border-color: var(--accent); }
body.wide main { padding-top: 2rem; padding-bottom: 2rem; }
body.wide h1 { font-size: 1.625rem; }
body.wide footer { padding: 1.25rem 1.5rem; margin: 0 auto; }
body.wide .buttons button, body.wide .buttons .button { flex: 0 1 auto; }
.lead { max-width: 42rem; color: var(--quiet); }
.panel { margin: 1.5rem 0 0; padding: 1.5rem; background: var(--card); border: 1px solid var(--edge); border-radius: 0.75rem;
  box-shadow: var(--shadow); }
.panel > :first-child { margin-top: 0; }
.panel > form:first-child { margin-top: 0; }

.items { list-style: none; margin: 1.5rem 0 0; padding: 0; display: grid; gap: 0.75rem; }
.item { display: flex; flex-wrap: wrap; gap: 0.75rem 1.5rem; align-items: center; justify-content: space-between; min-width: 0;
  padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--edge); border-radius: 0.75rem; }
.item.waiting { border-left: 4px solid var(--wait); }
.item .app { flex: 1 1 16rem; }
.item h2, .item h3 { margin: 0; font-size: 1.0625rem; font-weight: 650; line-height: 1.3; overflow-wrap: anywhere; }
.item h2 a, .item h3 a { color: inherit; text-decoration: none; }
.item h2 a:hover, .item h3 a:hover { text-decoration: underline; }
.item p { color: var(--quiet); font-size: 0.9375rem; }
.item form { margin: 0; }
.item .buttons { margin: 0; flex: 0 1 auto; align-items: center; }
.item .buttons button, .item .buttons .button { min-height: 2.5rem; padding: 0.375rem 0.875rem; }
body.wide .app { align-items: flex-start; }
.item { align-items: flex-start; }
section > .items { margin-top: 0.75rem; }
.told.attention { border-color: var(--wait); background: var(--wait-ground); color: var(--wait); }
.told + p { margin-top: 1rem; }
.buttons form { margin: 0; }
a.button { display: inline-flex; align-items: center; justify-content: center; }
.item > .more { flex: 1 1 100%; min-width: 0; }
.item .more p, .empty p { margin: 0; }
.item details { margin: 0.375rem 0 0; }
.empty h2 { margin: 0 0 0.5rem; color: var(--text); }
.empty p { max-width: 36rem; margin: 0 auto; }
.badge { display: inline-block; margin: 0 0.375rem 0 0; padding: 0 0.5rem; border-radius: 1rem; font-size: 0.8125rem; font-weight: 600;
  line-height: 1.5rem; background: var(--raised); color: var(--quiet); border: 1px solid var(--edge); overflow-wrap: anywhere; }
.badge.waiting { background: var(--wait-ground); color: var(--wait); border-color: transparent; }
.badge.barred { background: var(--alarm-ground); color: var(--alarm); border-color: transparent; }
.badge.fine { background: var(--fine-ground); color: var(--fine); border-color: transparent; }
.empty { margin: 1.5rem 0 0; padding: 2.5rem 1.5rem; text-align: center; color: var(--quiet); border: 1px dashed var(--line);
  border-radius: 0.75rem; }

.facts { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: 0; margin: 1rem 0 0; }
.facts dt, .facts dd { margin: 0; padding: 0.625rem 0; border-top: 1px solid var(--edge); }
.facts dt { padding-right: 1rem; color: var(--quiet); font-weight: 400; }
.facts dt:first-of-type, .facts dt:first-of-type + dd { border-top: 0; }
.whole { user-select: all; font-size: 1rem; }
.facts + p, .panel .scopes + p { margin-top: 1rem; }
.items + p, .panel + p { margin-top: 1.25rem; }
.search { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end; margin: 1.25rem 0 0; max-width: 32rem; }
.search div { flex: 1 1 12rem; min-width: 0; }
.search label { margin: 0 0 0.375rem; }
.search button { flex: 0 1 auto; }
.pages { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: space-between; margin: 1.25rem 0 0; }
.pages a, .pages span { display: inline-block; padding: 0.25rem 0; }
.pages span { color: var(--quiet); font-size: 0.9375rem; }

table { width: 100%; margin: 1.25rem 0 0; border-collapse: collapse; background: var(--card); border: 1px solid var(--edge);
  border-radius: 0.75rem; }
caption { padding: 0 0 0.5rem; text-align: left; color: var(--quiet); font-size: 0.9375rem; }
th, td { padding: 0.75rem 1rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; border-top: 1px solid var(--edge); }
thead th { border-top: 0; color: var(--quiet); font-weight: 600; font-size: 0.875rem; white-space: nowrap; overflow-wrap: normal; }
tbody th { font-weight: 600; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
td form { margin: 0; }
@media (max-width: 40rem) {
  .frame { padding-left: 1rem; padding-right: 1rem; }
  body.wide main { padding-top: 1.25rem; }
  .panel { padding: 1.125rem; }
  .item { padding: 0.875rem 1rem; }
  .item .app { flex-basis: 100%; }
  .item .buttons, .item form { flex: 1 1 100%; }
  .item .buttons button, .item .buttons .button, body.wide .buttons button, body.wide .buttons .button { flex: 1 1 8rem; }
  .buttons form { flex: 1 1 8rem; display: flex; }
  .facts { grid-template-columns: 1fr; }
  .facts dd { border-top: 0; padding-top: 0; }
  .facts dt:first-of-type + dd { padding-top: 0; }
  .facts dt { padding-bottom: 0.125rem; }
  table, tbody, tr, th, td, caption { display: block; }
  table { background: none; border: 0; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { margin: 0.75rem 0 0; padding: 0.5rem 1rem; background: var(--card); border: 1px solid var(--edge); border-radius: 0.75rem; }
  tbody th, tbody td { padding: 0.25rem 0; border: 0; }
  td[data-label]::before { content: attr(data-label) ': '; color: var(--quiet); font-size: 0.9375rem; }
  td.number { text-align: left; }
}
`
