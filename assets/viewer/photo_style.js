// photo_style.js — the photo view's CSS, put once into its shadow root.

export const css = `
:host { display: block; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.photo { --target: 28px; color: var(--v-ink); font: 13px/1.4 var(--v-font); }
.photo[data-size="narrow"] { --target: 44px; }
.photo:lang(zh) { line-height: 1.5; }
.title { margin: 0 0 6px; font: 600 15px/1.4 var(--v-font); }
.look { margin: 6px 0 0; min-height: 1.4em; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; margin: 0; }
.stage { position: relative; overflow: hidden; border-radius: 4px; background: var(--v-panel); max-width: 100%; }
.stage.waiting { opacity: .6; }
.stage.pick { cursor: crosshair; }
.stage.draw { cursor: crosshair; touch-action: none; border: 1px solid var(--v-line); }
.stage:focus { outline: none; }
.stage:focus-visible { outline: 2px solid var(--v-ink); outline-offset: 2px; }
.stage canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.boxes { position: absolute; inset: 0; pointer-events: none; }
.boxes button { position: absolute; padding: 0; margin: 0; background: none; border: 2.5px solid; border-radius: 3px; cursor: pointer; pointer-events: auto; box-shadow: 0 0 0 1px rgba(255,255,255,.85), inset 0 0 0 1px rgba(255,255,255,.85); }
.boxes.through button { pointer-events: none; }
.boxes.through .chip { pointer-events: auto; }
.boxes button.faint { opacity: .55; border-width: 1.5px; }
.boxes button.dashed { border-style: dashed; }
.boxes button[aria-pressed="true"] { border-width: 4px; opacity: 1; z-index: 2; }
.boxes button:focus-visible { outline: 3px solid var(--v-ink); outline-offset: 2px; z-index: 3; }
.chip { position: absolute; left: -2.5px; bottom: 100%; padding: 1px 6px; font: 600 12px/1.4 var(--v-font); white-space: nowrap; border-radius: 3px; font-variant-numeric: tabular-nums; }
.photo[data-size="narrow"] .chip { padding: 4px 8px; }
.boxes button.low .chip { bottom: auto; top: 100%; }
.tools { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; margin-top: 6px; }
.tools button { font: inherit; color: var(--v-ink); background: var(--v-bg); border: 1px solid var(--v-line); border-radius: 6px; min-height: var(--target); padding: 0 10px; cursor: pointer; }
.tools button:hover:not(:disabled) { background: var(--v-panel); }
.tools button:disabled { color: var(--v-muted); border-style: dashed; cursor: not-allowed; }
.tools button:focus-visible { outline: 2px solid var(--v-ink); outline-offset: 2px; }
.hint { color: var(--v-muted); }
`;
