/** The style of the status page: the reader's own colours, light or dark; no font, no picture. */
export const STATUS_STYLE = `
:root {
  --ground: #fbfaf8; --card: #fff; --line: #ddd8d0; --ink: #22201d; --quiet: #6a645c;
  --good: #1c7346; --warned: #8a5a00; --bad: #b3261e; --strip: #b0532a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #181614; --card: #221f1c; --line: #3b3631; --ink: #ece7e0; --quiet: #a59d92;
    --good: #6fd09b; --warned: #f0b44c; --bad: #ff8a80; --strip: #f0996b;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 3rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.state { margin: 0; font-weight: 600; } .state::before { content: "● "; }
.good { color: var(--good); } .warned { color: var(--warned); } .bad { color: var(--bad); }
.reasons { margin: 1rem 0 0; padding: .6rem 1rem .6rem 2rem; border-left: 4px solid var(--warned);
  background: var(--card); overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem;
  margin: 1.25rem 0 0; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: .4rem;
  padding: .6rem .8rem; }
dt, caption, small { color: var(--quiet); font-size: .85rem; } caption { text-align: left; }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
section { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-weight: 500; font-size: .85rem; }
tbody th { font-weight: 500; } .number { text-align: right; white-space: nowrap; }
figure { margin: 0 0 1rem; } figcaption { color: var(--quiet); font-size: .85rem; }
.hour { display: block; width: 100%; height: 4rem; fill: var(--good);
  border-bottom: 1px solid var(--line); }
.wrong { fill: var(--bad); }
.strip { display: block; width: 100%; min-width: 10rem; height: 1.1rem; fill: var(--strip); }
@media (max-width: 40rem) {
  .tiles { grid-template-columns: 1fr 1fr; }
  .releases, .releases tbody, .releases caption { display: block; }
  .releases thead { display: none; }
  .releases tr { display: grid; grid-template-columns: 1fr auto; padding: .5rem 0;
    border-bottom: 1px solid var(--line); }
  .releases th, .releases td { border: 0; padding: 0; }
  .releases td:nth-child(2), .releases td:nth-child(4) { text-align: right; color: var(--quiet); }
  .releases td:nth-child(3) { text-align: left; }
  .releases td:last-child { grid-column: 1 / -1; padding-top: .3rem; }
}
`;
