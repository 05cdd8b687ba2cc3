// style.js — the viewer's CSS, put once into its shadow root. Colours come as --v-* from the theme (colour.js).

export const css = `
:host { display: block; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.viewer { --target: 28px; color: var(--v-ink); background: var(--v-bg); font: 13px/1.4 var(--v-font); font-variant-numeric: tabular-nums; text-align: start; }
.viewer[data-size="narrow"] { --target: 44px; }
.viewer:lang(zh) { line-height: 1.5; }
.title { margin: 0 0 6px; font: 600 15px/1.4 var(--v-font); color: var(--v-ink); }
.look { margin: 6px 0 0; min-height: 1.4em; }
.note, .name, .vec-name, .seg-label, .axis, .bar-top, .strip-title, .swatch, .num, .strip-mark { color: var(--v-muted); font-size: 12px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

button, select, input { font: inherit; color: var(--v-ink); background: var(--v-bg); border: 1px solid var(--v-line); border-radius: 6px; min-height: var(--target); min-width: var(--target); padding: 0 9px; margin: 0; }
button, select { cursor: pointer; }
button:hover { background: var(--v-panel); }
button[aria-pressed="true"] { background: var(--v-ink); border-color: var(--v-ink); color: var(--v-bg); }
button[aria-disabled="true"] { color: var(--v-muted); background: var(--v-bg); border-style: dashed; cursor: not-allowed; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--v-ink); outline-offset: 2px; z-index: 2; }
.control { display: inline-flex; align-items: center; gap: 7px; }
.seg { display: inline-flex; }
.seg button { border-radius: 0; margin-inline-start: -1px; position: relative; }
.seg button:first-child { border-start-start-radius: 6px; border-end-start-radius: 6px; margin-inline-start: 0; }
.seg button:last-child { border-start-end-radius: 6px; border-end-end-radius: 6px; }
.toolbar, .legend { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 16px; min-height: var(--target); }
.reset { margin-inline-start: auto; }

.body { display: grid; gap: 8px 20px; grid-template: "tools tools tools" auto "strip picture readout" auto "strip legend legend" auto / auto minmax(0, 1fr) 208px; }
.toolbar { grid-area: tools; } .strip { grid-area: strip; } .picture { grid-area: picture; } .readout { grid-area: readout; } .legend { grid-area: legend; }
.viewer[data-size="wide"][data-strip="none"] .body { grid-template: "tools tools" auto "picture readout" auto "legend legend" auto / minmax(0, 1fr) 208px; }
.viewer[data-size="mid"] .body { grid-template: "tools tools" auto "picture readout" auto "legend legend" auto "strip strip" auto / minmax(0, 1fr) 196px; }
.viewer[data-size="narrow"] .body { grid-template: "picture" auto "readout" auto "legend" auto "tools" auto "strip" auto / minmax(0, 1fr); }

.picture { position: relative; height: 352px; min-width: 0; }
.viewer[data-size="narrow"] .picture { height: 340px; }
.stage { position: absolute; inset: 0; cursor: default; border-radius: 4px; touch-action: pan-x pan-y pinch-zoom; }
.stage:focus-visible { outline-offset: 3px; }
.stage canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; transition: opacity .15s; }
.waiting .stage canvas, .waiting .labels { opacity: .45; }
.viewer[data-edit] .stage { cursor: cell; }
.labels { font-size: 12px; }
.label { position: absolute; display: flex; align-items: center; white-space: nowrap; line-height: 16px; border-radius: 3px; cursor: pointer; }
.label span { display: block; overflow: hidden; text-overflow: ellipsis; min-width: 0; }
.label img { display: block; object-fit: fill; border-radius: 2px; }
.queries .label { justify-content: flex-end; }
.viewer[data-mode="map"] .keys .label { justify-content: center; }
.viewer[data-mode="map"] .keys .label.slanted { justify-content: flex-start; transform-origin: left center; }
.label.picked span { font-weight: 650; }
.viewer[data-mode="map"] .queries .label.picked { box-shadow: 3px 0 0 var(--v-query); padding-inline-end: 4px; }
.label.lit { z-index: 3; }
.label.lit span { background: var(--v-panel); border-radius: 3px; padding: 0 3px; margin: 0 -3px; }
.queries .label.lit span { text-decoration: underline 2px var(--v-query); text-underline-offset: 3px; }
.keys .label.lit span { text-decoration: underline 2px var(--v-key); text-underline-offset: 3px; }
.queries .label.lit img { outline: 2px solid var(--v-query); } .keys .label.lit img { outline: 2px solid var(--v-key); }
.queries .label.extra { background: var(--v-bg); }
.label.extra span { box-shadow: 0 0 0 2px var(--v-bg); }
.keys .label.cut span { text-decoration: line-through 2px var(--v-changed); }
.keys .label.cut { outline: 1.5px solid var(--v-changed); outline-offset: 1px; }
.axis { position: absolute; white-space: nowrap; line-height: 16px; }
.axis::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 2px; margin-inline-end: 5px; background: var(--v-query); }
.axis.k::before { background: var(--v-key); }
.bar-name, .bar-top { position: absolute; text-align: right; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 12px; line-height: 16px; pointer-events: none; }
.bar-name { font-weight: 650; }
.bar-name.hint { text-align: left; font-weight: 400; color: var(--v-muted); }

.strip-head { display: flex; align-items: center; gap: 8px; min-height: var(--target); margin-bottom: 4px; }
.strip-title { flex: 1 1 auto; color: var(--v-ink); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; min-width: 0; }
.strip-site { display: none; }
.strip-grid { display: grid; justify-content: start; align-items: center; justify-items: center; grid-template-columns: auto repeat(var(--cols), var(--cell)); }
.strip[data-flow="one"] .strip-grid { grid-template-columns: repeat(var(--cols), var(--cell)); gap: 2px; }
.strip-mark { line-height: 14px; text-align: center; padding: 0 4px 0 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 110px; }
.strip[data-flow="heads-down"] .strip-mark.site { padding: 0; max-width: var(--cell); }
.strip[data-flow="heads-across"] .strip-mark.site { justify-self: start; }
.strip[data-flow="heads-across"] .strip-mark.number { padding: 0; }
.strip-mark.site:not(.elsewhere) { color: var(--v-ink); font-weight: 650; }
.head { padding: 2px; border: 0; border-radius: 3px; background: none; width: var(--cell); height: var(--cell); min-width: 0; min-height: 0; position: relative; }
.head canvas { display: block; width: 100%; height: 100%; image-rendering: pixelated; outline: 1px solid var(--v-line); }
.head:hover canvas { outline: 2px solid var(--v-muted); }
.head[aria-pressed="true"] { background: none; }
.head[aria-pressed="true"] canvas { outline: 2px solid var(--v-ink); }
.head.cut canvas { outline: 2px solid var(--v-changed); opacity: .55; }
.head.cut::after { content: ""; position: absolute; inset: 2px; pointer-events: none; background: linear-gradient(to top right, transparent calc(50% - 1px), var(--v-changed) calc(50% - 1px) calc(50% + 1px), transparent calc(50% + 1px)); }
.head.cut[aria-pressed="true"] canvas { box-shadow: 0 0 0 3.5px var(--v-ink); }
.viewer[data-size="narrow"] .strip-site { display: block; flex: 1; }
.viewer[data-size="narrow"] .strip-title { display: none; }
.viewer[data-size="narrow"] .strip-site[hidden] + .toggle { margin-inline-start: auto; }
.viewer[data-size="narrow"] .strip-grid { grid-template-columns: repeat(auto-fill, 46px) !important; gap: 4px; }
.viewer[data-size="narrow"] .strip-mark, .viewer[data-size="narrow"] .head.elsewhere, .viewer[data-size="narrow"] .none { display: none; }

.readout { background: var(--v-panel); border-radius: 8px; padding: 10px 12px; height: 352px; overflow: hidden; display: flex; flex-direction: column; gap: 5px; }
.part { border-inline-start: 3px solid var(--v-query); padding-inline-start: 8px; height: 42px; }
.part.is-key { border-color: var(--v-key); }
.part .name, .figures .name { display: block; line-height: 16px; }
.what { display: flex; align-items: center; gap: 6px; height: 26px; }
.what img { max-height: 24px; max-width: 48px; border-radius: 2px; image-rendering: pixelated; }
.value { font-size: 15px; font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; min-width: 0; }
.figures { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; height: 44px; margin-top: 2px; }
.figure { font-size: 18px; font-weight: 600; line-height: 26px; white-space: nowrap; }
.note { margin: 0; height: 3.9em; line-height: 1.3; overflow: hidden; }
.vec-row .vec-name { display: block; line-height: 15px; }
.vec { display: block; width: 100%; height: 26px; }
.actions { display: flex; gap: 6px; margin-top: auto; }
.actions button { flex: 1 1 0; padding: 0 4px; }
.readout.is-changed { box-shadow: inset 0 0 0 1.5px var(--v-changed); }
.viewer[data-size="narrow"] .readout { display: grid; grid-template-columns: 1fr 1fr; height: 252px; gap: 6px 14px; align-content: space-between; }
.viewer[data-size="narrow"] .figures, .viewer[data-size="narrow"] .note, .viewer[data-size="narrow"] .actions { grid-column: 1 / -1; }
.viewer[data-size="narrow"] .note { height: 2.6em; }

.num { color: var(--v-ink); }
.legend-ramp, .swatch { display: inline-flex; align-items: center; gap: 6px; }
.ramp { width: 96px; height: 10px; border: 1px solid var(--v-line); border-radius: 2px; }
.swatch i { width: 14px; height: 12px; border-radius: 2px; }
.swatch .hatch { background: repeating-linear-gradient(135deg, var(--v-faint) 0 3px, var(--v-hatch) 3px 4px); }
.swatch .outline { border: 2px solid var(--v-changed); }
.zoom { margin-inline-start: auto; }

.foot { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 4px 20px; margin-top: 6px; }
details { min-width: 0; }
details[open] { flex: 1 1 100%; order: 3; }
summary { cursor: pointer; min-height: var(--target); display: inline-flex; align-items: center; gap: 6px; border-radius: 4px; padding-inline-end: 6px; }
summary::before { content: "▸"; font-size: 11px; }
details[open] summary::before { content: "▾"; }
summary::-webkit-details-marker { display: none; }
details p { margin: 2px 0 8px; max-width: 70ch; }
.save { margin-inline-start: auto; }
.table-box { max-height: 320px; overflow: auto; }
table { border-collapse: collapse; min-width: min(100%, 460px); }
caption { text-align: start; padding: 2px 0 6px; color: var(--v-muted); font-size: 12px; }
th, td { padding: 4px 14px 4px 0; text-align: right; border-bottom: 1px solid var(--v-faint); font-weight: 400; }
thead th { position: sticky; top: 0; background: var(--v-bg); color: var(--v-muted); font-size: 12px; }
th[scope="row"], thead th:nth-child(2) { text-align: start; max-width: 22ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
th img { height: 20px; max-width: 40px; vertical-align: middle; margin-inline-end: 6px; }
th.changed { box-shadow: inset 3px 0 0 var(--v-changed); padding-inline-start: 8px; }
td.bar { width: 120px; padding-inline-end: 0; }
td.bar i { display: block; height: 9px; background: var(--v-muted); border-radius: 1px; }

.editor { position: absolute; z-index: 5; width: 268px; max-width: 100%; background: var(--v-bg); border: 1px solid var(--v-line); border-radius: 8px; padding: 8px 10px 10px; box-shadow: 0 6px 24px rgb(0 0 0 / .22); }
.editor-title { margin: 0 var(--target) 6px 0; font-weight: 600; overflow-wrap: anywhere; }
.editor-fields { display: flex; gap: 6px; }
.editor input { flex: 1 1 70px; width: 70px; }
.editor input[aria-invalid="true"] { border-color: var(--v-changed); border-width: 2px; }
.editor .strong { background: var(--v-ink); color: var(--v-bg); border-color: var(--v-ink); }
.editor .close { position: absolute; top: 4px; right: 4px; border: 0; padding: 0; font-size: 16px; }
.wrong { margin: 6px 0 0; font-size: 12px; }
.wrong:empty { display: none; }

@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
@media (forced-colors: active) { .head[aria-pressed="true"] canvas { outline: 3px solid Highlight; } }
`;
