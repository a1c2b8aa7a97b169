// Steering suggestions in the real VS Code: by word, along, away, off, another model.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { after, before, test } from "node:test";
import * as driver from "./workbench.mjs";

const { GHOST, LIMIT_MS, PICTURES } = driver;
const { openFile, pickRow, runCommand, until, untilStatusSays } = driver;
const BEGINNING = "def area(radius: float) -> float:\n    return ";
const REST = "3.14159 * radius**2";
const NAMES = ["word", "along", "away", "here", "there", "killed", "toggled"];

let workbench;

before(
  async () => {
    mkdirSync(PICTURES, { recursive: true });
    const files = Object.fromEntries(NAMES.map((name) => [`${name}.py`, BEGINNING]));
    workbench = await driver.startWorkbench(files, `${BEGINNING}${REST}\n`);
  },
  { timeout: 3 * LIMIT_MS },
);

after(() => workbench?.stop());

const steering = (title, run) => test(title, { timeout: LIMIT_MS }, () => run(workbench.page));

/** Open a file in a window of its own, with the cursor at its end. */
async function openAtEnd(page, name) {
  await openFile(workbench, name);
  await untilStatusSays(page, "ready");
  await page.click(".editor-instance .monaco-editor .view-lines");
  await page.keyboard.press("Control+End");
}

/** Type what a suggestion begins with at the end of a file, and wait for the rest. */
async function typeAndSee(page, name) {
  await openAtEnd(page, name);
  await page.keyboard.type("3");
  await page.waitForSelector(GHOST);
}

/** Save the file in front and return its text. */
async function saved(page, name) {
  await page.keyboard.press("Control+s");
  await page.waitForSelector(".tab.active:not(.dirty)");
  return readFileSync(path.join(workbench.folder, name), "utf8");
}

const settingsOf = (owner) =>
  JSON.parse(readFileSync(path.join(workbench.root, "data", owner, "settings.json"), "utf8"));
const lastPid = () => workbench.heard().findLast(({ method }) => method === "started").pid;

steering("a suggestion is taken word by word", async (page) => {
  await typeAndSee(page, "word.py");
  await page.keyboard.press("Control+ArrowRight");
  await page.waitForSelector(GHOST);
  const text = await saved(page, "word.py");
  assert.ok(text.length > BEGINNING.length + 1 && text.length < BEGINNING.length + REST.length);
  assert.ok((BEGINNING + REST).startsWith(text.trimEnd()), text);
});

steering("what is typed along a suggestion leaves it standing, in every frame", async (page) => {
  await typeAndSee(page, "along.py");
  await page.evaluate((selector) => {
    const seen = { frames: 0, without: 0, isOver: false };
    const look = () => {
      seen.frames += 1;
      seen.without += document.querySelector(selector) === null ? 1 : 0;
      if (!seen.isOver) requestAnimationFrame(look);
    };
    window.seen = seen;
    requestAnimationFrame(look);
  }, GHOST);
  await page.keyboard.type(".14159 * rad", { delay: 80 });
  const seen = await page.evaluate(() => ({ ...window.seen, over: (window.seen.isOver = true) }));
  assert.ok(seen.frames > 10, `${seen.frames} frames were drawn`);
  assert.equal(seen.without, 0);
  await page.keyboard.press("Tab");
  assert.equal((await saved(page, "along.py")).trimEnd(), BEGINNING + REST);
});

steering("Escape sends a suggestion away and changes nothing", async (page) => {
  await typeAndSee(page, "away.py");
  await until(async () => {
    await page.keyboard.press("Escape"); // again for an answer that came at the same moment
    return (await page.locator(GHOST).count()) === 0;
  });
  assert.equal(await saved(page, "away.py"), `${BEGINNING}3`);
});

steering("suggestions come in another file, and back in the first", async (page) => {
  await typeAndSee(page, "here.py");
  await page.keyboard.press("Escape");
  for (const [name, typed] of [
    ["there.py", "3"],
    ["here.py", "."],
  ]) {
    await page.dblclick(`.explorer-folders-view .monaco-list-row[aria-label*="${name}"]`);
    await page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
    await page.click(".editor-instance .monaco-editor .view-lines");
    await page.keyboard.press("Control+End");
    await page.keyboard.type(typed);
    await page.waitForSelector(GHOST);
    await page.keyboard.press("Tab");
    assert.equal((await saved(page, name)).trimEnd(), BEGINNING + REST);
  }
});

steering("a server that is killed comes back and knows the unsaved text", async (page) => {
  await typeAndSee(page, "killed.py");
  await page.keyboard.press("Escape");
  const killed = lastPid();
  process.kill(killed, "SIGKILL");
  await until(() => lastPid() !== killed);
  await untilStatusSays(page, "ready");
  await page.keyboard.type(".14");
  await page.waitForSelector(GHOST);
  await page.keyboard.press("Tab");
  assert.equal((await saved(page, "killed.py")).trimEnd(), BEGINNING + REST);
});

steering("suggestions are turned off and on again", async (page) => {
  await openAtEnd(page, "toggled.py");
  for (const isOn of [false, true]) {
    await runCommand(page, "Warmline: Turn Suggestions On or Off");
    await until(() => settingsOf("User")["warmline.enabled"] === isOn);
    const isTold = ({ id, result }) => id === "settings" && result?.[0]?.enabled === isOn;
    await until(() => isTold(workbench.heard().findLast(({ id }) => id === "settings") ?? {}));
  }
});

steering("another model is chosen, downloaded and used", async (page) => {
  await openAtEnd(page, "toggled.py");
  await runCommand(page, "Warmline: Choose Model");
  await page.waitForSelector('.quick-input-list .monaco-list-row[aria-label*="small"]');
  await page.screenshot({ path: path.join(PICTURES, "models.png") });
  await pickRow(page, "large");
  await until(() => settingsOf("Machine")["warmline.model"] === "large");
  await page.waitForSelector("text=Warmline uses large from now on.");
});
