// How long the extension host takes to activate the extension, by VS Code's own count.
import { newPage } from "../real.mjs";
import { openFile, pickFile, runCommand, until } from "../workbench.mjs";

const VIEW = ".runtime-extensions-editor .extension";
const EXTENSION = "Warmline";
// VS Code activates this one of its own once a window has been started to the end.
const LAST_AT_START = "Merge Conflict";

/**
 * Start the window anew, first with a text file, then with a Python file, `wanted` times. Returns
 * `{before, reason, ms}` of each start: whether the extension was active before the Python file,
 * what VS Code says why it was activated, and how long that took.
 */
export async function measureActivation(real, [plain, supported], wanted, tell) {
  const starts = [];
  for (let index = 0; index < wanted; index += 1) {
    const start = await measureStart(real, plain, supported);
    starts.push(start);
    tell(`start ${index + 1} of ${wanted}: ${start.ms} ms; ${start.reason}`);
  }
  return starts;
}

async function measureStart(real, plain, supported) {
  const page = await newPage(real);
  await openFile({ ...real, page }, plain);
  await showRunning(page, LAST_AT_START);
  const before = (await page.locator(VIEW, { hasText: EXTENSION }).count()) > 0;
  await pickFile(page, supported);
  await page.waitForSelector(".editor-instance .monaco-editor .view-line");
  const ms = await showRunning(page, EXTENSION);
  const reason = await readReason(page);
  await page.close();
  return { before, reason, ms };
}

/** Show the view of running extensions; returns the time of one, in milliseconds. */
async function showRunning(page, name) {
  await runCommand(page, "Developer: Show Running Extensions");
  const cell = page.locator(VIEW, { hasText: name }).locator(".activation-time");
  let found;
  await until(async () => {
    found = /(\d+) *ms/.exec((await cell.allInnerTexts()).join());
    return found;
  });
  return Number(found[1]);
}

async function readReason(page) {
  await page.locator(VIEW, { hasText: EXTENSION }).locator(".activation-time").hover();
  const hover = page.locator(".workbench-hover", { hasText: "Activated" });
  await hover.waitFor();
  return (await hover.innerText()).trim();
}
