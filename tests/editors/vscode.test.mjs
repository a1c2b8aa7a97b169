// The extension in the real VS Code: suggestions that are seen, taken, and in the saved file.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { after, before, test } from "node:test";
import * as driver from "./workbench.mjs";

const { GHOST, LIMIT_MS, PICTURES } = driver;
const { frameWith, openFile, runCommand, startWorkbench, until, untilStatusSays } = driver;
const BEGINNING = "from helper import Circle\n\n\ndef area(circle: Circle) -> float:\n    return ";
const REST = "3.14159 * circle.radius**2";
const SHAPES = "class Circle:\n    radius: float\n";

let workbench;

before(
  async () => {
    mkdirSync(PICTURES, { recursive: true });
    const files = { "area.py": BEGINNING, "helper.py": SHAPES };
    workbench = await startWorkbench(files, `${BEGINNING}${REST}\n`);
    await openFile(workbench, "area.py");
    await untilStatusSays(workbench.page, "ready");
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

const VIEWS = [
  ["Warmline: Show Live Cache", "newly read by the model", "cache"],
  ["Warmline: Explain This Suggestion", "helper.py:3-4", "explain"],
];

for (const [title, content, picture] of VIEWS) {
  test(`${title} shows what it is for, light and dark`, { timeout: LIMIT_MS }, async () => {
    const { page } = workbench;
    await page.click(".editor-instance .monaco-editor .view-lines");
    await runCommand(page, title);
    const view = await frameWith(page, content);
    const grounds = [];
    for (const theme of ["one", "other"]) {
      const { ground, contrast } = await view.evaluate(coloursOfText);
      grounds.push(ground);
      assert.ok(contrast >= 4.5, `text and ground of the ${theme} theme: ${contrast}`);
      await page.screenshot({ path: path.join(PICTURES, `${picture}-${theme}.png`) });
      await runCommand(page, "Toggle between Light/Dark Themes");
      await until(async () => (await view.evaluate(coloursOfText)).ground !== ground);
    }
    assert.notEqual(grounds[0], grounds[1]);
  });
}

test("a link of Explain is followed by the keyboard alone", { timeout: LIMIT_MS }, async () => {
  const { page } = workbench;
  await runCommand(page, "Warmline: Explain This Suggestion");
  const view = await frameWith(page, "helper.py:3-4");
  const focused = () => view.evaluate(() => document.activeElement?.textContent.trim() ?? "");
  await until(async () => {
    await page.keyboard.press("Control+2"); // the editor group beside the file
    for (let times = 0; times < 20 && !(await focused()).startsWith("helper.py:3-4"); times++) {
      await page.keyboard.press("Tab");
    }
    return (await focused()).startsWith("helper.py:3-4"); // again where the view was drawn anew
  });
  await page.keyboard.press("Enter");
  await page.waitForSelector('.tab.active[data-resource-name="helper.py"]');
});

/** In the frame: the ground, and the contrast of its text as WCAG 2 counts it. */
function coloursOfText() {
  const light = (part) => (part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = (colour) => {
    document.head.append(probe); // resolves any way to write a colour
    probe.style.color = colour;
    const parts = getComputedStyle(probe)
      .color.match(/[\d.]+/g)
      .map(Number);
    probe.remove();
    return 0.2126 * light(parts[0]) + 0.7152 * light(parts[1]) + 0.0722 * light(parts[2]);
  };
  const probe = document.createElement("span");
  // The body is transparent: the editor paints this behind it.
  const root = getComputedStyle(document.documentElement);
  const ground = root.getPropertyValue("--vscode-editor-background");
  const text = getComputedStyle(document.body).color;
  const [dark, bright] = [luminance(ground), luminance(text)].sort((one, two) => one - two);
  return { ground, contrast: (bright + 0.05) / (dark + 0.05) };
}
