// Installations with a real Python, a real environment and the real pip; only the packages are
// made here, and lie in a folder instead of on the internet.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { Environments } from "../src/install/environments";
import { install, type InstallListener } from "../src/install/installing";
import { askInterpreter, interpreterPlaces } from "../src/install/interpreters";
import { wheelIn, type InstallRequest } from "../src/install/plan";
import { runProgram } from "../src/programs";

const LIMIT = { timeout: 300_000 };
const TORCH = { title: "torch", hasCuda: false, pipOptions: [] };
const NO_SIGNAL = new AbortController().signal;

/** Writes a wheel: name, version, requirements and the source of its one module. */
const MAKE_WHEEL = `
import sys, zipfile
folder, name, version, requirement, source = sys.argv[1:]
info = f"{name}-{version}.dist-info"
metadata = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
files = {
    f"{name}.py": source,
    f"{info}/METADATA": metadata + (f"Requires-Dist: {requirement}\\n" if requirement else ""),
    f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    f"{info}/entry_points.txt": f"[console_scripts]\\n{name} = {name}:main\\n",
}
files[f"{info}/RECORD"] = "".join(f"{file},,\\n" for file in [*files, f"{info}/RECORD"])
with zipfile.ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl", "w") as wheel:
    for file, content in files.items():
        wheel.writestr(file, content)
`;
const TORCH_SOURCE = `
__version__ = "2.13.0+test"
class cuda:
    is_available = staticmethod(lambda: False)
`;
const WARMLINE_SOURCE = "def main(): print('warmline 0.1.0')";

let python: string | undefined;
const root = mkdtempSync(path.join(tmpdir(), "warmline install-"));

before(async () => {
  // What pip is told on the machine that tests run on is not to count.
  for (const name of Object.keys(process.env).filter((each) => each.startsWith("PIP_"))) {
    Reflect.deleteProperty(process.env, name);
  }
  process.env["PIP_CONFIG_FILE"] = path.join(root, "none");
  for (const place of interpreterPlaces(process.env["PATH"] ?? "", process.platform)) {
    if (python === undefined && existsSync(place)) {
      const judged = await askInterpreter(place, runProgram);
      python = "interpreter" in judged ? place : undefined;
    }
  }
}, LIMIT);

after(() => {
  rmSync(root, { recursive: true });
});

/** A folder of wheels, an empty place for environments, and what is told on the way. */
class Setting {
  readonly wheels = mkdtempSync(path.join(root, "wheels "));
  readonly place = mkdtempSync(path.join(root, "place "));
  readonly environments = new Environments(this.place, process.platform);
  readonly stages: string[] = [];
  readonly lines: string[] = [];
  readonly listener: InstallListener = {
    onStage: ({ step }) => this.stages.push(step.title),
    onLine: (line) => this.lines.push(line),
  };

  constructor(private readonly interpreter: string) {}

  addWheel(name: string, version: string, requirement: string, source: string): void {
    const args = ["-I", "-c", MAKE_WHEEL, this.wheels, name, version, requirement, source];
    execFileSync(this.interpreter, args);
  }

  async install(signal = NO_SIGNAL): Promise<void> {
    const request: InstallRequest = {
      platform: process.platform,
      torch: TORCH,
      interpreter: this.interpreter,
      folder: this.environments.newFolder(1),
      wheel: wheelIn(this.wheels) ?? "",
      wheelFolder: this.wheels,
    };
    await install(request, this.environments, runProgram, this.listener, signal);
  }
}

function setting(context: TestContext): Setting | undefined {
  if (python === undefined) {
    context.skip("there is no Python of 3.11 or newer with venv on the search path");
    return undefined;
  }
  return new Setting(python);
}

test("out of a folder of wheels a server is installed that runs", LIMIT, async (context) => {
  const here = setting(context);
  if (here === undefined) {
    return;
  }
  here.addWheel("torch", "2.13.0", "", TORCH_SOURCE);
  here.addWheel("warmline", "0.1.0", "torch==2.13.0", WARMLINE_SOURCE);
  await here.install();
  assert.deepEqual(here.stages, [
    "Making an environment",
    `Installing torch out of ${here.wheels}`,
    "Installing Warmline",
    "Trying torch",
    "Trying the server",
  ]);
  assert.ok(here.lines.includes("torch 2.13.0+test on processors"));
  assert.equal(here.lines.at(-1), "warmline 0.1.0");
  assert.equal(here.environments.current()?.version, "0.1.0");
  const { stdout } = await runProgram(here.environments.program() ?? "", [], { timeoutMs: 60_000 });
  assert.equal(stdout.trim(), "warmline 0.1.0");
});

test("a package that lacks in the folder is named, with how to get it", LIMIT, async (context) => {
  const here = setting(context);
  if (here === undefined) {
    return;
  }
  here.addWheel("torch", "2.13.0", "", TORCH_SOURCE);
  here.addWheel("warmline", "0.1.0", "pygls>=2", WARMLINE_SOURCE);
  await assert.rejects(
    here.install(),
    /Installing Warmline failed with exit code 1: .*pygls.*Put a wheel of pygls/,
  );
  assert.equal(here.environments.current(), undefined);
  assert.deepEqual(readdirSync(here.place), [], "nothing of it is left");
});

test("an installation that is stopped leaves nothing behind", LIMIT, async (context) => {
  const here = setting(context);
  if (here === undefined) {
    return;
  }
  here.addWheel("warmline", "0.1.0", "", WARMLINE_SOURCE);
  const aborter = new AbortController();
  here.listener.onStage = () => {
    aborter.abort();
  };
  await assert.rejects(here.install(aborter.signal), /was stopped; nothing was changed/);
  assert.deepEqual(readdirSync(here.place), []);
});

test("a Python that is none cannot be chosen", LIMIT, async () => {
  const judged = await askInterpreter(process.execPath, runProgram);
  assert.ok("problem" in judged);
  assert.match(judged.problem, /is not a Python/);
});
