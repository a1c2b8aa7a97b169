import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test, type TestContext } from "node:test";
import { askGpus, chooseTorch, gpuToolPlaces, parseGpus, type Gpu } from "../src/install/torch";
import { runProgram } from "../src/programs";

const NEW: Gpu = { name: "NVIDIA H200", driver: 580, capability: 9 };
const OLD_DRIVER: Gpu = { ...NEW, driver: 550 };
const OLD_GPU: Gpu = { name: "Quadro P1000", driver: 580, capability: 6.1 };
const TOO_OLD: Gpu = { name: "Tesla K80", driver: 470, capability: 3.7 };

function index(name: string): string[] {
  return ["--extra-index-url", `https://download.pytorch.org/whl/${name}`];
}

for (const [platform, gpus, options, title] of [
  ["linux", [], index("cpu"), /for processors, as no NVIDIA GPU answers/],
  ["linux", [NEW], [], /for CUDA 13\.0 \(NVIDIA H200\)/],
  ["linux", [OLD_DRIVER], index("cu126"), /for CUDA 12\.6/],
  ["linux", [OLD_GPU], index("cu126"), /for CUDA 12\.6/],
  ["linux", [TOO_OLD], index("cpu"), /for processors, as Tesla K80 with the driver 470 is too old/],
  ["linux", [OLD_GPU, NEW], [], /for CUDA 13\.0/],
  ["win32", [], [], /for processors/],
  ["win32", [NEW], index("cu130"), /for CUDA 13\.0/],
  ["win32", [OLD_DRIVER], index("cu126"), /for CUDA 12\.6/],
  ["win32", [TOO_OLD], [], /for processors, as Tesla K80/],
  ["darwin", [], [], /macOS/],
] as const) {
  const named = gpus.map(({ name, driver }) => `${name} ${String(driver)}`).join(", ");
  test(`torch on ${platform} with ${named || "no GPU"}`, () => {
    const build = chooseTorch(platform, gpus);
    assert.deepEqual(build.pipOptions, options);
    assert.match(build.title, title);
    assert.equal(build.hasCuda, build.title.startsWith("torch for CUDA"));
  });
}

test("GPUs are read out of what the tool answers, and nothing else is", () => {
  assert.deepEqual(parseGpus("NVIDIA H200, 580.65.06, 9.0\r\nQuadro P1000, 580.65.06, 6.1\n"), [
    NEW,
    OLD_GPU,
  ]);
  assert.deepEqual(parseGpus("NVIDIA-SMI has failed because it couldn't communicate\n"), []);
  assert.deepEqual(parseGpus("NVIDIA H200, [N/A], [N/A]"), []);
  assert.deepEqual(parseGpus(""), []);
});

test("the tool is looked for where drivers put it, and nowhere on macOS", () => {
  assert.deepEqual(gpuToolPlaces("/usr/bin:.", "linux"), [
    "/usr/bin/nvidia-smi",
    "/usr/lib/wsl/lib/nvidia-smi",
  ]);
  assert.deepEqual(gpuToolPlaces("C:\\nv;.", "win32", "D:\\Win"), [
    "C:\\nv\\nvidia-smi.exe",
    "D:\\Win\\System32\\nvidia-smi.exe",
  ]);
  assert.deepEqual(gpuToolPlaces("/usr/bin", "darwin"), []);
});

/** A program in the tool's place. */
function tool(context: TestContext, script: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "warmline gpu-"));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  const file = path.join(folder, "nvidia-smi");
  writeFileSync(file, `#!${process.execPath}\n${script}`);
  chmodSync(file, 0o755);
  return file;
}

test("a real program is asked; one that fails has no GPU, and the next is asked", async (context) => {
  const fails = tool(context, "console.log('Unable to determine'); process.exitCode = 9;");
  const answers = tool(
    context,
    "if (process.argv[2] === '--query-gpu=name,driver_version,compute_cap') console.log('NVIDIA H200, 580.65.06, 9.0');",
  );
  assert.deepEqual(await askGpus([fails], runProgram), []);
  assert.deepEqual(await askGpus(["/absent/nvidia-smi", fails, answers], runProgram), [NEW]);
  assert.deepEqual(await askGpus([], runProgram), []);
});
