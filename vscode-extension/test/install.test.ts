import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { Environments } from "../src/install/environments";
import { adviceFor } from "../src/install/advice";
import { describeStage, runSteps } from "../src/install/installing";
import { interpreterPlaces, judgeInterpreter } from "../src/install/interpreters";
import {
  environmentProgram,
  planInstall,
  versionOfWheel,
  wheelIn,
  type InstallRequest,
} from "../src/install/plan";
import type { RunProgram } from "../src/programs";

const TORCH = { title: "torch for a test", hasCuda: false, pipOptions: ["--pre"] };

function request(change: Partial<InstallRequest> = {}): InstallRequest {
  return {
    platform: "linux",
    torch: TORCH,
    interpreter: "/usr/bin/python3",
    folder: "/data/server-1",
    wheel: "/ext/server/warmline-0.1.0-py3-none-any.whl",
    ...change,
  };
}

test("an environment of its own is made first, and all else is run in it", () => {
  const [environment, torch, warmline, ...tries] = planInstall(request());
  assert.deepEqual(environment?.args, ["-I", "-m", "venv", "/data/server-1"]);
  assert.equal(environment.command, "/usr/bin/python3");
  for (const step of [torch, warmline]) {
    assert.equal(step?.command, "/data/server-1/bin/python");
    assert.deepEqual(step.args.slice(0, 4), ["-I", "-m", "pip", "install"]);
  }
  assert.deepEqual(torch?.args.slice(-2), ["--pre", "torch"]);
  assert.equal(warmline?.args.at(-1), "/ext/server/warmline-0.1.0-py3-none-any.whl");
  const programs = ["/data/server-1/bin/python", "/data/server-1/bin/warmline"];
  assert.deepEqual(
    tries.map(({ command }) => command),
    programs,
  );
});

test("without network nothing is looked for but in the folder", () => {
  const steps = planInstall(request({ wheelFolder: "/media/w" }));
  for (const { args } of steps.slice(1, 3)) {
    assert.ok(args.includes("--no-index"));
    assert.equal(args[args.indexOf("--find-links") + 1], "/media/w");
    assert.ok(!args.includes("--pre"));
  }
});

test("on Windows every program of the environment is called as Windows has it", () => {
  const folder = "C:\\Users\\Jo Doe\\server-1";
  const steps = planInstall(request({ platform: "win32", folder }));
  const programs = steps.slice(1).map(({ command }) => command);
  assert.deepEqual(
    new Set(programs),
    new Set([`${folder}\\Scripts\\python.exe`, `${folder}\\Scripts\\warmline.exe`]),
  );
  // Arguments are a list and there is no shell, so that a space needs no quotes.
  assert.equal(steps[0]?.args.at(-1), folder);
});

test("exact versions are held to in every step that installs", () => {
  const steps = planInstall(request({ constraints: "/ext/server/constraints.txt" }));
  for (const { args } of steps.slice(1, 3)) {
    assert.equal(args[args.indexOf("--constraint") + 1], "/ext/server/constraints.txt");
  }
});

test("programs of an environment are where each system keeps them", () => {
  assert.equal(environmentProgram("/e", "warmline", "darwin"), "/e/bin/warmline");
  assert.equal(environmentProgram("C:\\e", "warmline", "win32"), "C:\\e\\Scripts\\warmline.exe");
});

test("a wheel of Warmline is known by its name", () => {
  assert.equal(versionOfWheel("/x/warmline-0.1.0-py3-none-any.whl"), "0.1.0");
  assert.equal(versionOfWheel("C:\\x\\warmline-0.2.0-py3-none-any.whl"), "0.2.0");
  assert.equal(versionOfWheel("/x/torch-2.13.0-cp311-linux.whl"), undefined);
  assert.equal(versionOfWheel("/x/notwarmline-0.1.0-py3-none-any.whl"), undefined);
});

test("a Python that is too old, or cannot make environments, is refused with a reason", () => {
  const good = judgeInterpreter("/usr/bin/python3", "3 11 2 True 64 linux x86_64\n");
  assert.deepEqual(good, { interpreter: { command: "/usr/bin/python3", version: "3.11.2" } });
  for (const [answer, reason] of [
    ["3 10 9 True 64 linux x86_64", /3\.11 or newer/],
    ["2 7 18 True 64 linux x86_64", /3\.11 or newer/],
    ["3 12 0 False 64 linux x86_64", /python3-venv/],
    ["3 12 0 True 32 win32 AMD64", /32 bits/],
    ["3 12 0 True 64 darwin x86_64", /Intel/],
    ["", /not a Python/], // what Windows starts where it would rather lead to its shop
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
  const onWindows = interpreterPlaces("C:\\py;.;py", "win32");
  assert.ok(onWindows.includes("C:\\py\\python.exe") && onWindows.includes("C:\\py\\py.exe"));
  assert.ok(onWindows.every((place) => place.startsWith("C:\\py\\") && place.endsWith(".exe")));
});

test("on macOS Homebrew's Pythons are found without a search path, and Apple's is not asked", () => {
  const places = interpreterPlaces("/usr/bin:/opt/homebrew/bin", "darwin");
  assert.ok(places.includes("/opt/homebrew/bin/python3.13"));
  assert.ok(places.includes("/usr/local/bin/python3"));
  assert.ok(!places.includes("/usr/bin/python3"));
  assert.equal(new Set(places).size, places.length);
});

test("the newest wheel of Warmline in a folder is taken", (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), "warmline-"));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  assert.equal(wheelIn(folder), undefined);
  assert.equal(wheelIn(path.join(folder, "absent")), undefined);
  for (const name of [
    "warmline-0.9.0-py3-none-any.whl",
    "warmline-0.10.0-py3-none-any.whl",
    "torch-2.whl",
  ]) {
    writeFileSync(path.join(folder, name), "");
  }
  assert.equal(wheelIn(folder), path.join(folder, "warmline-0.10.0-py3-none-any.whl"));
});

test("what failed is told with the step that mends it", () => {
  for (const [said, advice] of [
    ["OSError: [Errno 28] No space left on device", /disk space/],
    ["because ensurepip is not available.", /python3-venv/],
    ["ProxyError('Cannot connect to proxy.')", /HTTPS_PROXY/],
    ["SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", /global\.cert/],
    [
      "NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
      /pypi\.org/,
    ],
    ["getaddrinfo failed", /pypi\.org/],
    [
      "OSError: [WinError 126] The specified module could not be found",
      /Visual C\+\+ Redistributable/,
    ],
    ["[WinError 206] The filename or extension is too long", /LongPathsEnabled/],
    ["error: Microsoft Visual C++ 14.0 or greater is required", /another Python/],
    ["PermissionError: [WinError 5] Access is denied", /virus scanner/],
    ["ERROR: No matching distribution found for torch", /another Python/],
    ["something else", /The log/],
  ] as const) {
    assert.match(adviceFor(said, undefined), advice, said);
  }
  const missing = "ERROR: No matching distribution found for pygls";
  assert.match(adviceFor(missing, "/media/w"), /a wheel of pygls .* into \/media\/w/);
});

test("it is told which step is being done, and what its program says", () => {
  const stage = { step: { title: "Installing torch", command: "", args: [] }, number: 2, count: 5 };
  assert.equal(describeStage(stage), "2 of 5, Installing torch");
  const line = `  Downloading torch ${"-".repeat(100)}`;
  assert.match(describeStage(stage, line), /^2 of 5, Installing torch: Downloading torch -{42}$/);
});

const nobody = { onStage: (): void => undefined, onLine: (): void => undefined };

test("the first step that fails ends the installation, and says what the program said", async () => {
  const ran: string[] = [];
  const run: RunProgram = (_command, args) => {
    ran.push(args.at(-1) ?? "");
    const code = args.at(-1) === "torch" ? 1 : 0;
    return Promise.resolve({ code, stdout: "", stderr: "ERROR: no matching distribution\n" });
  };
  const signal = new AbortController().signal;
  await assert.rejects(
    runSteps(planInstall(request()), undefined, run, nobody, signal),
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
    runSteps(planInstall(request()), undefined, run, nobody, aborter.signal),
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
