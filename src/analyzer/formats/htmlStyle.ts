/** Style of the HTML report: system fonts and colours in light and dark, contrast of text at least 4.5:1 in both. */
export const htmlStyle = `
:root { color-scheme: light dark; --text: #1f2328; --faint: #59636e; --back: #fff; --line: #d1d9e0; --panel: #f6f8fa;
  --bad: #b3141d; --bad-back: #ffebe9; --mid: #7a4d00; --mid-back: #fff4d6; --good: #116329; --good-back: #e6f6ea; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --faint: #9ea7b3; --back: #0d1117; --line: #3d444d;
  --panel: #161b22; --bad: #ff938a; --bad-back: #3c1618; --mid: #e9b44c; --mid-back: #33270a; --good: #6fdd8b; --good-back: #10291a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); margin: 0; }
main { max-width: 90rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; border-top: 2px solid var(--line); padding-top: 1.2rem; overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin-top: 1.6rem; } h4 { margin: 1rem 0 .3rem; } h5 { margin: 0; font-size: .85rem; color: var(--faint); }
.facts, .kind, small, caption { color: var(--faint); } .kind { font-size: .85rem; font-weight: normal; }
.warn { color: var(--mid); background: var(--mid-back); padding: .5rem .8rem; border-left: 4px solid; } ul.warn { padding-left: 2rem; }
.assumptions { background: var(--panel); padding: .6rem .9rem; margin: 1rem 0; font-size: .9rem; }
.assumptions div { display: flex; gap: .6rem; } .assumptions dt { flex: 0 0 8rem; color: var(--faint); } dd { margin: 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .88rem; margin: .5rem 0; }
caption { text-align: left; padding: .2rem 0; } th, td { border: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top; }
thead th { background: var(--panel); } .matrix tbody th { font-weight: normal; min-width: 16rem; max-width: 28rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.verdict b, dt.verdict b { font-weight: 600; white-space: nowrap; } td.verdict small { display: block; font-variant-numeric: tabular-nums; white-space: nowrap; }
.evicted b, .ignored b { color: var(--bad); } td.evicted, td.ignored { background: var(--bad-back); }
.weakened b { color: var(--mid); } td.weakened { background: var(--mid-back); }
.held b { color: var(--good); } td.held { background: var(--good-back); }
.inert b, .not-measured b { color: var(--faint); } td.not-measured { border-style: dashed; }
.findings { list-style: none; padding: 0; } .findings li { border-left: 4px solid var(--line); padding: .3rem .8rem; margin: .4rem 0; background: var(--panel); }
.findings .error { border-color: var(--bad); } .findings .error > b { color: var(--bad); }
.findings .warning { border-color: var(--mid); } .findings .warning > b { color: var(--mid); }
summary { cursor: pointer; padding: .25rem 0; } :focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; } @media (max-width: 45rem) { .sides { grid-template-columns: 1fr; } }
.said, pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); padding: .6rem .8rem; margin: .3rem 0; font: .85rem/1.45 ui-monospace, monospace; }
`;
