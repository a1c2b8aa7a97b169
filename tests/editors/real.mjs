// The workbench with the real server and the real model, for figures and pictures.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as workbench from "./workbench.mjs";

const { REPOSITORY } = workbench;
export const REVERT = "Control+Alt+z";
export const OTHER_THEME = "Control+Alt+l";
const KEYS = [
  { key: REVERT.replace("Control", "ctrl"), command: "workbench.action.files.revert" },
  {
    key: OTHER_THEME.replace("Control", "ctrl"),
    command: "workbench.action.toggleLightDarkThemes",
  },
];
const OWN_SETTINGS = { "warmline.offline": true };
export const PYTHON = path.resolve(process.env.PYTHON ?? "python3");
const TAP = path.join(REPOSITORY, "tests/editors/figures/tap.mjs");

/**
 * Start code-server, a browser and, with the first file, the real server with an engine of its own.
 * `fill` puts files into the folder that is to be opened. `tapped` is where the times of requests
 * are written, one JSON object a line.
 */
export async function startRealWorkbench(fill, settings = {}) {
  const root = mkdtempSync(path.join(tmpdir(), "warmline-real-"));
  const folder = path.join(root, "work");
  mkdirSync(folder);
  fill(folder);
  const tapped = path.join(root, "tapped.jsonl");
  const program = writeProgram(root, tapped);
  writeSettings(root, program, settings);
  const running = await workbench.startCodeServer(root, environment(root));
  const stop = async () => {
    await running.stop(); // first: a server that lives on would start another engine
    spawnSync(program, ["engine", "stop", "--forget"], { stdio: "ignore" });
    rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
  };
  return { ...running, folder, program, tapped, stop };
}

/** A page of the size of a window; `options` are those of a browser context. */
export async function newPage({ browser }, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 860 }, ...options });
  page.setDefaultTimeout(workbench.LIMIT_MS);
  return page;
}

/** Wait until the status bar says that suggestions come. */
export function untilReady(page) {
  return workbench.untilStatusSays(page, "Warmline: ready");
}

/** Put a copy of an installed Python package into a folder. */
export function copyPackage(name, folder) {
  const code = `import ${name}, os; print(os.path.dirname(${name}.__file__))`;
  const { stdout } = spawnSync(PYTHON, ["-P", "-c", code], { encoding: "utf8" });
  const isSource = (file) => !file.includes("__pycache__");
  cpSync(stdout.trim(), path.join(folder, name), { recursive: true, filter: isSource });
}

function writeProgram(root, tapped) {
  const program = path.join(root, "warmline");
  const server = `${PYTHON} -P -m warmline`;
  const own = ["INDEX_DIR", "SNAPSHOT_DIR", "RUNTIME_DIR"].map(
    (name) => `export WARMLINE_${name}=${path.join(root, name.toLowerCase())}\n`,
  );
  // The home of who runs this, where the model is; code-server has another.
  writeFileSync(
    program,
    `#!/bin/sh
export HOME=${process.env.HOME} PYTHONPATH=${REPOSITORY}
${own.join("")}if [ "$1" = serve ]; then exec ${process.execPath} ${TAP} ${tapped} ${server} "$@"; fi
exec ${server} "$@"
`,
  );
  chmodSync(program, 0o755);
  return program;
}

function writeSettings(root, program, settings) {
  const user = path.join(root, "data/User");
  const machine = path.join(root, "data/Machine");
  mkdirSync(user, { recursive: true });
  mkdirSync(machine);
  const all = { ...workbench.SETTINGS, ...OWN_SETTINGS, ...settings };
  writeFileSync(path.join(user, "settings.json"), JSON.stringify(all));
  writeFileSync(path.join(user, "keybindings.json"), JSON.stringify(KEYS));
  const server = JSON.stringify({ "warmline.serverPath": program });
  writeFileSync(path.join(machine, "settings.json"), server);
  writeFileSync(path.join(root, "config.yaml"), "");
}

function environment(root) {
  return {
    ...process.env,
    HOME: root,
    XDG_DATA_HOME: path.join(root, "share"),
    XDG_CONFIG_HOME: path.join(root, "config"),
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
  };
}
