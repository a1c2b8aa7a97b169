// Measures, in VS Code's workbench with the real server and model, how long it is from a key to
// ghost text, and how long the extension takes to be activated. Usage: figures.mjs [--quick] OUT
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { measureActivation } from "./figures/activation.mjs";
import { measureKeystrokes } from "./figures/keystrokes.mjs";
import { choosePlaces } from "./figures/places.mjs";
import { copyPackage, PYTHON, startRealWorkbench } from "./real.mjs";
import { REPOSITORY } from "./workbench.mjs";

const PACKAGE = "rich"; // MIT licence, pinned in constraints.txt
const FILE = "layout.py"; // 442 lines, 3,030 tokens
// For a try on a busy machine: a JSON object of settings, which the report names.
const SETTINGS = JSON.parse(process.env.WARMLINE_EDITORS_SETTINGS ?? "{}");

const isQuick = process.argv.includes("--quick");
const [out] = process.argv.slice(2).filter((word) => word !== "--quick");
if (out === undefined) {
  console.error("Usage: figures.mjs [--quick] OUT, the folder for report.json and table.md.");
  process.exit(2);
}
const amount = isQuick ? { places: 4, starts: 2 } : { places: 48, starts: 12 };
const tell = (line) => console.error(line);

const real = await startRealWorkbench((folder) => {
  copyPackage(PACKAGE, folder);
  writeFileSync(path.join(folder, "notes.txt"), "A file that gets no suggestions.\n");
}, SETTINGS);
try {
  const file = `${PACKAGE}/${FILE}`;
  const places = choosePlaces(readFileSync(path.join(real.folder, file), "utf8"), amount.places);
  const keystrokes = await measureKeystrokes(real, file, places, tell);
  writeReport({ keystrokes, activations: [] }); // they took minutes; what follows may fail
  const activations = await measureActivation(real, ["notes.txt", FILE], amount.starts, tell);
  writeReport({ keystrokes, activations });
} finally {
  await real.stop();
}

function writeReport(measured) {
  mkdirSync(out, { recursive: true });
  const manifest = path.join(REPOSITORY, "vscode-extension/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8"));
  const file = path.resolve(out, "measurements.json");
  const seen = {
    version,
    model: "qwen2.5-coder-0.5b",
    is_quick: isQuick,
    settings: SETTINGS,
    ...measured,
  };
  writeFileSync(file, `${JSON.stringify(seen, null, 1)}\n`);
  const module = ["-P", "-m", "evaluation.bench.editors", file];
  const env = { ...process.env, PYTHONPATH: REPOSITORY };
  process.exitCode = spawnSync(PYTHON, module, { stdio: "inherit", env }).status;
}
