// The extension in the real VS Code: suggestions that are seen, taken, and in the saved file.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { after, before, test } from "node:test";
import { LIMIT_MS, openFile, PICTURES, runCommand, startWorkbench, until } from "./workbench.mjs";

const GHOST = '.editor-instance .monaco-editor [class*="ghost-text"]';
const BEGINNING = "from shapes import Circle\n\n\ndef area(circle: Circle) -> float:\n    return ";
const REST = "3.14159 * circle.radius**2";
const SHAPES = "class Circle:\n    radius: float\n";

let workbench;

before(
  async () => {
    mkdirSync(PICTURES, { recursive: true });
    const files = { "area.py": BEGINNING, "shapes.py": SHAPES };
    workbench = await startWorkbench(files, `${BEGINNING}${REST}\n`);
    await openFile(workbench, "area.py");
    await until(async () => {
      const labels = workbench.page.locator(
        '[id*="warmline.status"] [aria-label], [id*="warmline.status"]',
      );
      const told = await labels.evaluateAll((items) => items.map((item) => item.ariaLabel ?? ""));
      return told.some((label) => label.includes("ready"));
    });
  },
  { timeout: 3 * LIMIT_MS },
);

after(() => workbench?.stop());

test(
  "what is typed gets ghost text, and what is accepted is saved",
  { timeout: LIMIT_MS },
  async () => {
    const { page, folder } = workbench;
    await page.click(".editor-instance .monaco-editor .view-lines");
    await page.keyboard.press("Control+End");
    await page.keyboard.type("3");
    await page.waitForSelector(GHOST);
    await page.screenshot({ path: path.join(PICTURES, "ghost.png") });
    await page.keyboard.press("Tab");
    await page.waitForSelector(GHOST, { state: "detached" });
    await page.keyboard.press("Control+s");
    const file = path.join(folder, "area.py");
    await until(() => readFileSync(file, "utf8").startsWith(BEGINNING + REST));
    assert.ok(readFileSync(file, "utf8").startsWith(BEGINNING + REST));
  },
);

for (const [title, content, picture] of [
  ["Warmline: Show Live Cache", "newly read by the model", "cache.png"],
  ["Warmline: Explain This Suggestion", "helper.py:3-4", "explain.png"],
]) {
  test(`${title} shows what it is for`, { timeout: LIMIT_MS }, async () => {
    const { page } = workbench;
    await page.click(".editor-instance .monaco-editor .view-lines");
    await runCommand(page, title);
    await until(async () => {
      const texts = page.frames().map((frame) =>
        frame
          .locator("body")
          .innerText()
          .catch(() => ""),
      );
      return (await Promise.all(texts)).some((text) => text.includes(content));
    });
    await page.screenshot({ path: path.join(PICTURES, picture) });
  });
}
