// VS Code's workbench with the extension in it, in a browser: started, driven, stopped.
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const VSIX = path.join(REPOSITORY, "vscode-extension/warmline.vsix");
const CACHE = process.env.WARMLINE_EDITORS;
export const PICTURES = process.env.WARMLINE_PICTURES ?? path.join(REPOSITORY, "build/editors");
export const LIMIT_MS = Number(process.env.WARMLINE_EDITORS_LIMIT_MS ?? 180_000);

const ENTRY = path.join(CACHE, "node_modules/code-server/out/node/entry.js");
const ARGUMENTS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
export const GHOST = '.editor-instance .monaco-editor [class*="ghost-text"]';
export const SETTINGS = {
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "editor.inlineSuggest.enabled": true,
  "files.autoSave": "off", // in a browser VS Code would save by itself
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
};

/** Start everything; `files` are those of the workspace, `target` is what the server knows. */
export async function startWorkbench(files, target) {
  const root = mkdtempSync(path.join(tmpdir(), "warmline-editor-"));
  const folder = path.join(root, "work");
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(path.join(folder, name), text);
  }
  const running = await startCodeServer(root, prepare(root, target));
  const page = await running.browser.newPage({ viewport: { width: 1400, height: 860 } });
  page.setDefaultTimeout(LIMIT_MS);
  const stop = async () => {
    await running.stop();
    rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
  };
  const heard = () =>
    readFileSync(path.join(root, "log"), "utf8").trim().split("\n").map(JSON.parse);
  return { page, root, folder, address: running.address, heard, stop };
}

/** Start code-server with its data below `root`, and a browser; both run until `stop`. */
export async function startCodeServer(root, environment) {
  const port = await freePort();
  const code = runCodeServer(root, environment, port);
  const address = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${address}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    ),
  );
  const { chromium } = createRequire(path.join(CACHE, "package.json"))("playwright-core");
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ARGUMENTS.split(" "),
  });
  const stop = async () => {
    await browser.close();
    process.kill(-code.pid, "SIGKILL"); // the extension host outlives its parent
    await pause(500); // a server that lives on would write into what is removed next
  };
  return { browser, address, stop };
}

/** Open a file of the workspace by its address. */
export async function openFile({ page, folder, address }, name) {
  const host = address.replace("http://", "");
  const payload = JSON.stringify([["openFile", `vscode-remote://${host}${folder}/${name}`]]);
  await page.goto(
    `${address}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(payload)}`,
  );
  await page.waitForSelector(".editor-instance .monaco-editor .view-line");
}

/** Bring a file to the front by the keyboard alone; again where the list was slower than the keys. */
export async function pickFile(page, name) {
  const front = page.locator(`.tab.active[data-resource-name="${name}"]`);
  await until(async () => {
    await page.keyboard.press("Control+p");
    await pickRow(page, name);
    await page.waitForSelector(".quick-input-widget", { state: "hidden" });
    return (await front.count()) > 0;
  });
}

/** Type words into the list that is open or opening, and take the row that has them. */
export async function pickRow(page, words) {
  await page.waitForSelector(".quick-input-widget input");
  await page.keyboard.type(words);
  await page.waitForSelector(`.quick-input-list .monaco-list-row.focused[aria-label*="${words}"]`);
  await pause(200); // the list is filtered a moment after each key
  await page.keyboard.press("Enter");
}

/** Wait until the status bar's item says something. */
export async function untilStatusSays(page, words) {
  const labels = page.locator('[id*="warmline.status"] [aria-label], [id*="warmline.status"]');
  await until(async () => {
    const told = await labels.evaluateAll((items) => items.map((item) => item.ariaLabel ?? ""));
    return told.some((label) => label.includes(words));
  });
}

/** Wait until something holds, for as long as a test may take. */
export async function until(holds) {
  const end = Date.now() + LIMIT_MS;
  while (!(await holds())) {
    if (Date.now() > end) {
      throw new Error(`What was waited for did not come within ${LIMIT_MS} ms: ${holds}`);
    }
    await pause(200);
  }
}

/** Run a command of the palette by its title. */
export async function runCommand(page, title) {
  await page.keyboard.press("F1");
  await pickRow(page, title);
}

/** Wait for the frame of a view that says something. */
export async function frameWith(page, content) {
  const textOf = (frame) =>
    frame
      .locator("body")
      .innerText()
      .catch(() => "");
  let found;
  await until(async () => {
    const texts = await Promise.all(page.frames().map(textOf));
    found = page.frames()[texts.findLastIndex((text) => text.includes(content))];
    return found !== undefined;
  });
  return found;
}

function prepare(root, target) {
  const programs = path.join(root, "bin");
  mkdirSync(programs);
  writeFileSync(path.join(root, "target"), target);
  const python = path.resolve(process.env.PYTHON ?? "python3");
  const server = path.join(REPOSITORY, "tests/e2e/fake_server.py");
  const program = path.join(programs, "warmline");
  writeFileSync(
    program,
    `#!/bin/sh
if [ "$1" = serve ]; then exec ${python} ${server} serve --target ${root}/target --log ${root}/log; fi
exec ${python} ${server} "$@"
`,
  );
  chmodSync(program, 0o755);
  mkdirSync(path.join(root, "data/User"), { recursive: true });
  writeFileSync(path.join(root, "data/User/settings.json"), JSON.stringify(SETTINGS));
  // By its setting: the extension host takes PATH from a login shell, which knows nothing of ours.
  mkdirSync(path.join(root, "data/Machine"));
  const machine = JSON.stringify({ "warmline.serverPath": program });
  writeFileSync(path.join(root, "data/Machine/settings.json"), machine);
  writeFileSync(path.join(root, "config.yaml"), "");
  return {
    ...process.env,
    HOME: root,
    XDG_DATA_HOME: path.join(root, "share"),
    XDG_CONFIG_HOME: path.join(root, "config"),
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
  };
}

function runCodeServer(root, env, port) {
  const places = ["--config", path.join(root, "config.yaml")];
  places.push("--user-data-dir", path.join(root, "data"));
  places.push("--extensions-dir", path.join(root, "extensions"));
  const options = { env, stdio: "inherit" };
  const installed = spawnSync("node", [ENTRY, ...places, "--install-extension", VSIX], options);
  if (installed.status !== 0 || !existsSync(path.join(root, "extensions"))) {
    throw new Error(`code-server did not install ${VSIX}: exit code ${installed.status}.`);
  }
  const quiet =
    "--auth none --disable-telemetry --disable-update-check --disable-workspace-trust --disable-getting-started-override";
  const listen = ["--bind-addr", `127.0.0.1:${port}`];
  return spawn("node", [ENTRY, ...places, ...quiet.split(" "), ...listen], {
    ...options,
    stdio: "ignore",
    detached: true,
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
