// Takes the pictures of the documentation in VS Code's workbench, with the real server and model:
// what is suggested in them was suggested. Usage: pictures.mjs OUT
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { GHOST } from "./figures/page.mjs";
import { Film, shrink } from "./pictures/film.mjs";
import {
  copyPackage,
  newPage,
  OTHER_THEME,
  REVERT,
  startRealWorkbench,
  untilReady,
} from "./real.mjs";
import { openFile, runCommand, until } from "./workbench.mjs";

const PROJECT = path.join(import.meta.dirname, "pictures/project");
const FILE = "shopping.py";
const PLACE = ":11:9"; // the empty line inside the loop
const LONG_FILE = "rich/layout.py"; // MIT licence, about 3,000 tokens
const LONG_PLACE = ":32:1";
const FILM_SIZE = { width: 800, height: 500 };
const VIEW_SIZE = { width: 1120, height: 640 };
const KEY_MS = 140; // from one key to the next
const LOOK_MS = 1_200; // as long as somebody looks at what came
const PATIENCE_MS = 30_000;
const THEMES = ["dark", "light"];
const CLASSES = { dark: ".monaco-workbench.vs-dark", light: ".monaco-workbench.vs" };
const SETTINGS = {
  "editor.fontFamily": "'JetBrains Mono', 'DejaVu Sans Mono', monospace",
  "editor.fontSize": 15,
  "editor.lineHeight": 23,
  "editor.minimap.enabled": false,
  "editor.stickyScroll.enabled": false,
  "editor.renderLineHighlight": "none",
  "editor.cursorBlinking": "solid",
  "editor.guides.indentation": false,
  "editor.occurrencesHighlight": "off",
  "editor.scrollbar.vertical": "hidden",
  "editor.scrollbar.horizontal": "hidden",
  "editor.hideCursorInOverviewRuler": true,
  "editor.overviewRulerBorder": false,
  "editor.autoClosingBrackets": "never",
  "workbench.colorTheme": "Default Dark Modern",
  "breadcrumbs.enabled": false,
  "explorer.compactFolders": false,
  "window.commandCenter": false,
  "workbench.activityBar.location": "hidden",
  "workbench.layoutControl.enabled": false,
  "workbench.tips.enabled": false,
  "window.menuBarVisibility": "hidden",
  "scm.diffDecorations": "none",
  "git.enabled": false,
  // However busy the machine is: what is to be seen is what comes, not when.
  "warmline.timeoutMs": 300_000,
  "warmline.contextTimeoutMs": 60_000,
};
const STYLE = `
  .monaco-workbench { font-family: Inter, "DejaVu Sans", sans-serif !important; }
  .notifications-toasts, .part.titlebar, .editor-actions, .part.statusbar .left-items,
  .part.statusbar .right-items > :not([id*="warmline"]),
  .monaco-hover { display: none !important; }
`;

const [out] = process.argv.slice(2);
if (out === undefined) {
  console.error("Usage: pictures.mjs OUT, the folder for the pictures.");
  process.exit(2);
}
if (spawnSync("ffmpeg", ["-version"]).status !== 0) {
  console.error("No pictures are taken: ffmpeg is not installed.");
  process.exit(0);
}
mkdirSync(out, { recursive: true });

await inWorkbench(
  (folder) => cpSync(PROJECT, folder, { recursive: true }),
  SETTINGS,
  async (real) => {
    await takeFilm(real);
    await takeExplain(real);
  },
);
// Without the refresh, which would make all of it exact while the picture is taken.
const unrefreshed = { ...SETTINGS, "warmline.refresh": "off" };
await inWorkbench((folder) => copyPackage("rich", folder), unrefreshed, takeCache);

async function inWorkbench(fill, settings, take) {
  const real = await startRealWorkbench(fill, settings);
  try {
    await take(real);
  } finally {
    await real.stop();
  }
}

/** Somebody types, looks at what is suggested, types along, accepts it, and so the next one. */
async function takeFilm(real) {
  const page = await openWindow(real, FILE, PLACE, FILM_SIZE);
  const film = await Film.start(page);
  await pause(LOOK_MS / 2);
  await type(page, "if not");
  await untilGhost(page);
  await pause(LOOK_MS);
  await takePicture(page, "ghost");
  await type(page, " pan");
  await untilGhost(page);
  await pause(LOOK_MS / 2);
  await page.keyboard.press("Tab");
  await pause(LOOK_MS / 2);
  await page.keyboard.press("Enter");
  await untilGhost(page);
  await pause(LOOK_MS);
  await page.keyboard.press("Tab");
  await pause(LOOK_MS);
  await film.write(path.join(out, "typing.gif"));
  await page.close();
}

async function takeExplain(real) {
  const page = await openWindow(real, FILE, PLACE, VIEW_SIZE);
  await type(page, "if not");
  await untilGhost(page);
  await takeView(page, "Warmline: Explain This Suggestion", "From other files", "explain");
  await page.close();
}

async function takeCache(real) {
  const page = await openWindow(real, LONG_FILE, LONG_PLACE, VIEW_SIZE);
  await type(page, "SMALLEST_SIZE = 1\n");
  await untilGhost(page);
  await takeView(page, "Warmline: Show Live Cache", "newly read", "cache");
  await page.close();
}

async function takeView(page, command, content, name) {
  await runCommand(page, command);
  await until(async () => {
    const bodies = page.frames().map((frame) => frame.locator("body").innerText());
    const texts = await Promise.allSettled(bodies);
    return texts.some(({ value }) => value?.includes(content));
  });
  for (const [theme, other] of [THEMES, THEMES.toReversed()]) {
    await pause(LOOK_MS); // views take the theme's colours a little later than the editor
    await takePicture(page, `${name}-${theme}`);
    await page.keyboard.press(OTHER_THEME);
    await page.waitForSelector(CLASSES[other]);
  }
}

async function takePicture(page, name) {
  const file = path.join(out, `${name}.png`);
  await page.screenshot({ path: file });
  shrink(file);
}

async function openWindow(real, file, place, viewport) {
  const page = await newPage(real, { viewport, deviceScaleFactor: 1.5 });
  await openFile({ ...real, page }, file);
  await page.addStyleTag({ content: STYLE });
  await untilReady(page);
  await runCommand(page, "View: Close Primary Side Bar");
  // So that the model has read the files before a picture is taken.
  await until(async () => {
    await goTo(page, place);
    await type(page, "item");
    const isThere = await untilGhost(page);
    await revert(page);
    return isThere;
  });
  await goTo(page, place);
  return page;
}

/** Wait for a suggestion; where none comes, none is in the picture. */
function untilGhost(page) {
  return page.waitForSelector(GHOST, { timeout: PATIENCE_MS }).then(
    () => true,
    () => false,
  );
}

async function goTo(page, place) {
  await page.click(".editor-instance .monaco-editor .view-lines");
  await page.keyboard.press("Control+g");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type(place);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".quick-input-widget", { state: "hidden" });
}

function type(page, text) {
  return page.keyboard.type(text, { delay: KEY_MS });
}

async function revert(page) {
  await page.keyboard.press("Escape");
  await page.keyboard.press(REVERT);
  await page.waitForSelector(".tab.active:not(.dirty)");
}
