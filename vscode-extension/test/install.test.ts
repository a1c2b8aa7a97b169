import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { Environments } from "../src/install/environments";
import { runInstall } from "../src/install/installing";
import { interpreterPlaces, judgeInterpreter } from "../src/install/interpreters";
import {
  environmentProgram,
  hasNvidiaGpu,
  planInstall,
  versionOfWheel,
  type InstallRequest,
} from "../src/install/plan";
import type { RunProgram } from "../src/programs";

const TORCH_FOR_PROCESSORS = "https://download.pytorch.org/whl/cpu";

function request(change: Partial<InstallRequest> = {}): InstallRequest {
  return {
    platform: "linux",
    hasNvidiaGpu: false,
    interpreter: "/usr/bin/python3",
    folder: "/data/server-1",
    wheel: "/ext/server/warmline-0.1.0-py3-none-any.whl",
    isOffline: false,
    ...change,
  };
}

function allArgs(change: Partial<InstallRequest>): string[] {
  return planInstall(request(change)).flatMap((step) => step.args);
}

test("an environment of its own is made first, and all else is run in it", () => {
  const [environment, ...others] = planInstall(request());
  assert.deepEqual(environment?.args, ["-m", "venv", "/data/server-1"]);
  assert.equal(environment.command, "/usr/bin/python3");
  for (const step of others) {
    assert.equal(step.command, "/data/server-1/bin/python");
    assert.deepEqual(step.args.slice(0, 3), ["-m", "pip", "install"]);
  }
  assert.equal(others.at(-1)?.args.at(-1), "/ext/server/warmline-0.1.0-py3-none-any.whl");
});

test("torch for processors is taken on Linux without a GPU, and only there", () => {
  assert.ok(allArgs({}).includes(TORCH_FOR_PROCESSORS));
  assert.ok(!allArgs({ hasNvidiaGpu: true }).includes(TORCH_FOR_PROCESSORS));
  assert.ok(!allArgs({ platform: "darwin" }).includes(TORCH_FOR_PROCESSORS));
  assert.ok(!allArgs({ platform: "win32" }).includes(TORCH_FOR_PROCESSORS));
});

test("without network nothing is looked for but beside the wheel", () => {
  const steps = planInstall(
    request({ isOffline: true, wheel: "/media/w/warmline-1-py3-none-any.whl" }),
  );
  for (const { args } of steps.slice(1)) {
    assert.ok(args.includes("--no-index"));
    assert.equal(args[args.indexOf("--find-links") + 1], "/media/w");
    assert.ok(!args.includes(TORCH_FOR_PROCESSORS));
  }
});

test("exact versions are held to in every step that installs", () => {
  const steps = planInstall(request({ constraints: "/ext/server/constraints.txt" }));
  for (const { args } of steps.slice(1)) {
    assert.equal(args[args.indexOf("--constraint") + 1], "/ext/server/constraints.txt");
  }
});

test("programs of an environment are where each system keeps them", () => {
  assert.equal(environmentProgram("/e", "warmline", "darwin"), "/e/bin/warmline");
  assert.equal(environmentProgram("C:\\e", "warmline", "win32"), "C:\\e\\Scripts\\warmline.exe");
});

test("a GPU is one whose driver is there", () => {
  const driver = (file: string): boolean => file === "/dev/nvidiactl";
  assert.ok(hasNvidiaGpu("linux", driver));
  assert.ok(!hasNvidiaGpu("linux", () => false));
  assert.ok(!hasNvidiaGpu("darwin", driver));
});

test("a wheel of Warmline is known by its name", () => {
  assert.equal(versionOfWheel("/x/warmline-0.1.0-py3-none-any.whl"), "0.1.0");
  assert.equal(versionOfWheel("C:\\x\\warmline-0.2.0-py3-none-any.whl"), "0.2.0");
  assert.equal(versionOfWheel("/x/torch-2.13.0-cp311-linux.whl"), undefined);
  assert.equal(versionOfWheel("/x/notwarmline-0.1.0-py3-none-any.whl"), undefined);
});

test("a Python that is too old, or cannot make environments, is refused with a reason", () => {
  const good = judgeInterpreter("/usr/bin/python3", "3 11 2 True\n");
  assert.deepEqual(good, { interpreter: { command: "/usr/bin/python3", version: "3.11.2" } });
  for (const [answer, reason] of [
    ["3 10 9 True", /3\.11 or newer/],
    ["2 7 18 True", /3\.11 or newer/],
    ["3 12 0 False", /python3-venv/],
    ["command not found", /not a Python/],
  ] as const) {
    const judged = judgeInterpreter("/usr/bin/python3", answer);
    assert.ok("problem" in judged);
    assert.match(judged.problem, reason);
  }
});

test("Pythons are looked for on the search path, never in the open folder", () => {
  const places = interpreterPlaces("/usr/bin:.:bin:", "linux");
  assert.ok(places.includes("/usr/bin/python3"));
  assert.ok(places.every((place) => place.startsWith("/usr/bin/")));
  assert.ok(interpreterPlaces("C:\\py", "win32").includes("C:\\py\\python.exe"));
});

const nobody = { onStep: (): void => undefined, onLine: (): void => undefined };

test("the first step that fails ends the installation, and says what the program said", async () => {
  const ran: string[] = [];
  const run: RunProgram = (_command, args) => {
    ran.push(args.at(-1) ?? "");
    const code = args.at(-1) === "torch" ? 1 : 0;
    return Promise.resolve({ code, stdout: "", stderr: "ERROR: no matching distribution\n" });
  };
  const signal = new AbortController().signal;
  await assert.rejects(
    runInstall(planInstall(request()), run, nobody, signal),
    /torch.* failed with exit code 1: ERROR: no matching distribution/,
  );
  assert.deepEqual(ran, ["/data/server-1", "torch"]);
});

test("an installation that is stopped goes no further", async () => {
  const aborter = new AbortController();
  let steps = 0;
  const run: RunProgram = () => {
    steps += 1;
    aborter.abort();
    return Promise.resolve({ code: null, stdout: "", stderr: "" });
  };
  await assert.rejects(
    runInstall(planInstall(request()), run, nobody, aborter.signal),
    /was stopped/,
  );
  assert.equal(steps, 1);
});

test("an environment is in use from its record on, and the others can go", (context) => {
  const root = mkdtempSync(path.join(tmpdir(), "warmline-"));
  context.after(() => {
    rmSync(root, { recursive: true });
  });
  const environments = new Environments(root, "linux");
  assert.equal(environments.program(), undefined);
  const [first, second] = [environments.newFolder(1), environments.newFolder(2)];
  mkdirSync(first);
  mkdirSync(second);
  environments.use({ folder: first, version: "0.1.0" });
  environments.use({ folder: second, version: "0.2.0" });
  environments.removeOthers();
  assert.deepEqual(environments.current(), { folder: second, version: "0.2.0" });
  assert.equal(environments.program(), path.join(second, "bin", "warmline"));
  assert.ok(!existsSync(first));
});

test("a record that leads elsewhere is no environment", (context) => {
  const root = mkdtempSync(path.join(tmpdir(), "warmline-"));
  context.after(() => {
    rmSync(root, { recursive: true });
  });
  for (const record of ['{"folder": "server-/../../x"}', '{"folder": "x"}', "[]", "{"]) {
    writeFileSync(path.join(root, "current.json"), record);
    assert.equal(new Environments(root, "linux").program(), undefined);
  }
});
