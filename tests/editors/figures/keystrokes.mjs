// From a key to ghost text, in a real file with the real model.
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { newPage, REVERT, untilReady } from "../real.mjs";
import { LIMIT_MS, openFile, until } from "../workbench.mjs";
import { GHOST, watchGhost } from "./page.mjs";

const PAUSE_MS = 2_000; // between keys, as of somebody who reads and thinks
const LOOK_EVERY_MS = 50;

/** Press a key at each place, and another after it; returns what was seen of each key. */
export async function measureKeystrokes(real, file, places, tell) {
  const page = await newPage(real);
  await page.addInitScript(watchGhost, GHOST);
  await openFile({ ...real, page }, file);
  await untilReady(page);
  await until(async () => {
    const pair = await measurePlace(page, real.tapped, places[0]);
    tell(`not counted: ${pair.map(inWords).join(", ")}`);
    return pair.every(({ ghost }) => ghost); // by then the model is loaded and has read the file
  });
  const seen = [];
  for (const [index, place] of places.entries()) {
    const pair = await measurePlace(page, real.tapped, place);
    seen.push(...pair);
    tell(`place ${index + 1} of ${places.length}: ${pair.map(inWords).join(", ")}`);
  }
  await page.close();
  return seen;
}

async function measurePlace(page, tapped, { line, column, key, next }) {
  await page.keyboard.press("Control+g");
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type(`:${line}:${column}`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".quick-input-widget", { state: "hidden" });
  await page.keyboard.press("Shift+End");
  await pause(PAUSE_MS);
  const first = await measureKey(page, tapped, key);
  await dismiss(page);
  await pause(PAUSE_MS);
  const second = await measureKey(page, tapped, next);
  await dismiss(page);
  await page.keyboard.press(REVERT);
  await page.waitForSelector(".tab.active:not(.dirty)");
  const where = { line, column };
  return [
    { kind: "first-key", ...where, ...first },
    { kind: "next-key", ...where, ...second },
  ];
}

async function measureKey(page, tapped, key) {
  const numBefore = recordsIn(tapped).length;
  await page.evaluate(() => window.watchNextKey());
  await page.keyboard.press(key);
  const isOver = { yes: false };
  const times = await Promise.race([
    page.evaluate(() => window.ghostSeen).then((seen) => ({ ...seen })),
    untilEmpty(tapped, numBefore, isOver),
  ]);
  isOver.yes = true;
  if (times === undefined) {
    return {};
  }
  return { ...times, ...(await recordOf(tapped, times.ghost)) };
}

/** Resolves to undefined once the server has had its say and it was nothing. */
async function untilEmpty(tapped, numBefore, isOver) {
  const end = Date.now() + LIMIT_MS;
  while (!isOver.yes && Date.now() < end) {
    await pause(LOOK_EVERY_MS);
    const since = recordsIn(tapped).slice(numBefore);
    const last = since.at(-1);
    if (last?.items === 0 && Date.now() - last.answered > PAUSE_MS) {
      return undefined;
    }
  }
  return undefined;
}

/** The server's last answer with text before ghost text was seen. */
async function recordOf(tapped, ghost) {
  const end = Date.now() + LIMIT_MS;
  while (Date.now() < end) {
    const found = recordsIn(tapped).findLast(({ items, answered }) => items && answered <= ghost);
    if (found) {
      return found;
    }
    await pause(LOOK_EVERY_MS);
  }
  throw new Error("There was ghost text, and no answer of the server before it.");
}

function recordsIn(tapped) {
  const text = existsSync(tapped) ? readFileSync(tapped, "utf8") : "";
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

async function dismiss(page) {
  await page.keyboard.press("Escape");
  await page.waitForSelector(GHOST, { state: "detached" });
}

function inWords({ key, ghost }) {
  return ghost ? `${(ghost - key).toFixed(0)} ms` : "no suggestion";
}
