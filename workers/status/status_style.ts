/** The style of the status page: the reader's own colours, light or dark; no font, no picture. */
export const STATUS_STYLE = `
:root {
  --ground: #fbfaf8; --card: #fff; --line: #ddd8d0; --ink: #22201d; --quiet: #6a645c;
  --good: #1c7346; --warned: #8a5a00; --bad: #b3261e; --strip: #b0532a; --rest: #ece7df;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #181614; --card: #221f1c; --line: #3b3631; --ink: #ece7e0; --quiet: #a59d92;
    --good: #6fd09b; --warned: #f0b44c; --bad: #ff8a80; --strip: #f0996b; --rest: #37322d;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.75rem 1rem 3rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; }
h2 a { color: inherit; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2.25rem 0 .5rem; }
a { color: inherit; text-underline-offset: .2em; }
.state { margin: 0; font-weight: 600; } .state::before { content: "● "; }
.good { color: var(--good); } .warned { color: var(--warned); } .bad { color: var(--bad); }
.reasons { margin: 1rem 0 0; padding: .6rem 1rem .6rem 2rem; border-left: 4px solid var(--warned);
  background: var(--card); overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr));
  gap: .75rem; margin: 1.25rem 0 0; }
.savings { grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .65rem .85rem .7rem; }
dt, caption, small, .note, figcaption, .axis { color: var(--quiet); font-size: .85rem; }
caption { text-align: left; padding-bottom: .25rem; }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.savings dd { font-size: 1.25rem; line-height: 1.4; }
.savings .note, .note { font-size: .85rem; font-weight: 400; line-height: 1.4; margin-top: .15rem; }
.meter { display: block; width: 100%; height: .4rem; margin: .35rem 0 .3rem; border-radius: .2rem;
  background: var(--rest); }
.taken { fill: var(--strip); } .memory { fill: var(--good); } .upstream { fill: var(--warned); }
.store { fill: var(--good); fill-opacity: .55; }
section { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .4rem 1.25rem .4rem 0; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--quiet); font-weight: 500; font-size: .85rem; }
tbody th { font-weight: 500; } .number { text-align: right; white-space: nowrap; }
figure { margin: 0 0 1.25rem; }
figcaption, .axis { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; }
.hour { display: block; width: 100%; height: 5.5rem; margin-top: .35rem; fill: var(--good);
  border-bottom: 1px solid var(--line); border-top: 1px dashed var(--line); }
.hour line { stroke: var(--line); stroke-dasharray: 4 4; vector-effect: non-scaling-stroke; }
.hour .wrong { fill: var(--bad); }
.strip { display: block; width: 100%; min-width: 10rem; height: 1.1rem; fill: var(--strip);
  border-radius: .2rem; shape-rendering: crispEdges; }
@media (max-width: 40rem) {
  table { font-size: .9rem; } th, td { padding-right: .75rem; }
  .tiles { grid-template-columns: 1fr 1fr; gap: .5rem; } .tiles div { padding: .5rem .65rem; }
  .releases, .releases tbody, .releases caption { display: block; }
  .releases thead { display: none; }
  .releases tr { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; padding: .6rem 0;
    border-bottom: 1px solid var(--line); }
  .releases th, .releases td { border: 0; padding: 0; text-align: left; }
  .releases td:nth-child(even) { text-align: right; color: var(--quiet); }
  .releases td:nth-child(5)::before { content: "delta "; }
  .releases td:nth-child(5) { grid-column: 1 / -1; text-align: left; color: var(--quiet); }
  .releases td:last-child { grid-column: 1 / -1; padding-top: .35rem; }
}
`;
