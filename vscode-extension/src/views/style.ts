/** The style of all views, in the colours of the editor's theme, light, dark or high contrast. */
export const STYLE = `
body { color: var(--vscode-foreground); font: var(--vscode-font-size) var(--vscode-font-family); padding: 0 16px 24px; }
main { max-width: 62em; }
h1 { font-size: 1.4em; font-weight: 600; margin: 16px 0 4px; }
h2 { font-size: 1.05em; font-weight: 600; margin: 24px 0 8px; }
p { margin: 4px 0 8px; }
.quiet { color: var(--vscode-descriptionForeground); }
table { border-collapse: collapse; width: 100%; }
th, td:first-child { white-space: nowrap; }
th { text-align: left; font-weight: 400; color: var(--vscode-descriptionForeground); }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--vscode-widget-border, transparent); vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { margin: 4px 0; padding: 8px; overflow: auto; background: var(--vscode-textCodeBlock-background); font: var(--vscode-editor-font-size) var(--vscode-editor-font-family); }
code { font-family: var(--vscode-editor-font-family); }
button { all: unset; cursor: pointer; color: var(--vscode-textLink-foreground); font-family: var(--vscode-editor-font-family); }
button:hover { text-decoration: underline; }
button:focus-visible, summary:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 2px; }
summary { cursor: pointer; }
svg { display: block; width: 100%; }
.bar { height: 10px; min-width: 60px; }
.strip { height: 36px; }
.bar rect { fill: var(--vscode-charts-blue); }
.bar .track { fill: var(--vscode-widget-border, rgba(128, 128, 128, 0.25)); }
.key { display: inline-block; width: 14px; height: 14px; vertical-align: -2px; margin-right: 6px; }
.exact { fill: var(--vscode-charts-green); }
.kept { fill: var(--vscode-charts-blue); }
.moved { fill: var(--vscode-charts-yellow); }
.encoded { fill: var(--vscode-charts-purple); }
.marker { fill: var(--vscode-descriptionForeground); }
.repository, .path { fill: var(--vscode-charts-purple); }
.chunk { fill: var(--vscode-charts-blue); }
.before { fill: var(--vscode-charts-green); }
.after { fill: var(--vscode-charts-orange); }
.figures { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 12px 0; }
.figures div { display: flex; flex-direction: column; }
.figures strong { font-size: 1.5em; font-weight: 600; font-variant-numeric: tabular-nums; }
.verdict { width: 6em; white-space: nowrap; }
.broken { color: var(--vscode-errorForeground); }
`;
