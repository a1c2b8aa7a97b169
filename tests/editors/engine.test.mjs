// The real VS Code, the real server and the real model: the engine is killed under an editor.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { after, before, test } from "node:test";
import { copyPackage, newPage, startRealWorkbench, untilReady } from "./real.mjs";
import { frameWith, GHOST, LIMIT_MS, openFile, PICTURES, runCommand, until } from "./workbench.mjs";

const BEGINNING =
  "from rich.console import Console\n\n\ndef area_of_square(side: float) -> float:\n";
const FILE = "squares.py";
const SETTINGS = { "warmline.timeoutMs": 120_000 }; // however busy the machine is

const PATIENCE_MS = 15_000; // asking once more cancels what is on its way

let real, page;

before(
  async () => {
    mkdirSync(PICTURES, { recursive: true });
    real = await startRealWorkbench((folder) => {
      copyPackage("rich", folder);
      writeFileSync(path.join(folder, FILE), BEGINNING);
    }, SETTINGS);
    page = await newPage(real);
    await openFile({ ...real, page }, FILE);
    await untilReady(page);
  },
  { timeout: 2 * LIMIT_MS },
);

after(() => real?.stop());

test("suggestions come back after the engine was killed", { timeout: LIMIT_MS }, async () => {
  await page.click(".editor-instance .monaco-editor .view-lines");
  await page.keyboard.press("Control+End");
  await page.keyboard.type("    return ");
  await page.waitForSelector(GHOST);
  const killed = enginePid();
  process.kill(killed, "SIGKILL");
  await until(() => !existsSync(`/proc/${killed}`));
  await page.keyboard.press("Escape");
  await page.keyboard.type("s");
  await until(() => ![undefined, killed].includes(enginePid()));
  await until(async () => {
    await runCommand(page, "Warmline: Suggest Now"); // in vain while the model is being loaded
    return page.waitForSelector(GHOST, { timeout: PATIENCE_MS }).catch(() => undefined);
  });
  await page.screenshot({ path: path.join(PICTURES, "engine-killed.png") });
});

test("Look for Problems tells what it looked at", { timeout: LIMIT_MS }, async () => {
  await runCommand(page, "Warmline: Look for Problems");
  const view = await frameWith(page, "qwen2.5-coder-0.5b");
  await page.screenshot({ path: path.join(PICTURES, "doctor.png") });
  assert.doesNotMatch(await view.locator("body").innerText(), /undefined|NaN|\[object/);
});

function enginePid() {
  const { stdout } = spawnSync(real.program, ["engine", "status", "--json"], { encoding: "utf8" });
  return JSON.parse(stdout).pid;
}
