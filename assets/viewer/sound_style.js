// sound_style.js — the sound view's CSS, put once into its shadow root.

export const css = `
:host { display: block; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.sound { --target: 28px; color: var(--v-ink); font: 13px/1.4 var(--v-font); }
.sound[data-size="narrow"] { --target: 44px; }
.sound:lang(zh) { line-height: 1.5; }
.title { margin: 0 0 6px; font: 600 15px/1.4 var(--v-font); }
.look { margin: 6px 0 0; min-height: 1.4em; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; margin: 0; }
.words { position: relative; height: calc(var(--target) + 4px); }
.words button { position: absolute; top: 0; transform: translateX(-50%); min-width: 22px; height: var(--target); padding: 0 5px; margin: 0; border: 0; border-radius: 4px; font: 700 14px/1 var(--v-font); cursor: pointer; }
.words.many button { min-width: 0; width: var(--chip); padding: 0; overflow: hidden; font-size: min(14px, calc(1.4 * var(--chip))); }
.words button[aria-pressed="true"] { outline: 3px solid var(--v-ink); outline-offset: 1px; }
.words button:focus-visible, .tools button:focus-visible { outline: 2px solid var(--v-ink); outline-offset: 2px; }
.stage { position: relative; border-radius: 4px; background: var(--v-panel); cursor: crosshair; touch-action: pan-y; overflow: hidden; }
.stage.waiting { opacity: .6; }
.stage:focus { outline: none; }
.stage:focus-visible { outline: 2px solid var(--v-ink); outline-offset: 2px; }
.stage canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.tools { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; margin-top: 6px; }
.tools button { font: inherit; color: var(--v-ink); background: var(--v-bg); border: 1px solid var(--v-line); border-radius: 6px; min-height: var(--target); padding: 0 10px; cursor: pointer; }
.tools button:hover:not(:disabled) { background: var(--v-panel); }
.tools button:disabled { color: var(--v-muted); border-style: dashed; cursor: not-allowed; }
.hint { color: var(--v-muted); font-variant-numeric: tabular-nums; }
`;
