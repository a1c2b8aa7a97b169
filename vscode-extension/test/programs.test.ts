import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { test } from "node:test";
import { killTreeOnWindows } from "../src/ending";
import { runProgram } from "../src/programs";
import { environmentFor } from "../src/serverProgram";

const NODE = process.execPath;
const LIMIT_MS = 60_000;

test("lines come as they are written, the last one without its end too", async () => {
  const lines: string[] = [];
  const script = "process.stdout.write('one\\ntwo\\r\\nthree')";
  const ended = await runProgram(NODE, ["-e", script], {
    timeoutMs: LIMIT_MS,
    onLine: (line) => lines.push(line),
  });
  assert.deepEqual(lines, ["one", "two", "three"]);
  assert.equal(ended.code, 0);
});

test("exit code and standard error are told", async () => {
  const script = "process.stderr.write('no'); process.exitCode = 3";
  const ended = await runProgram(NODE, ["-e", script], { timeoutMs: LIMIT_MS });
  assert.deepEqual(ended, { code: 3, stdout: "", stderr: "no" });
});

test("a program that is stopped ends without an exit code", async () => {
  const aborter = new AbortController();
  const script = "console.log('here'); setInterval(() => {}, 1000)";
  const ended = await runProgram(NODE, ["-e", script], {
    timeoutMs: LIMIT_MS,
    signal: aborter.signal,
    onLine: () => {
      aborter.abort();
    },
  });
  assert.equal(ended.code, null);
});

test("a program that runs too long is stopped and said to be", async () => {
  const script = "setInterval(() => {}, 1000)";
  await assert.rejects(runProgram(NODE, ["-e", script], { timeoutMs: 50 }), /did not end within/);
});

test("what a program has started ends with it", async (context) => {
  const listener = createServer().listen(0, "127.0.0.1");
  context.after(() => listener.close());
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  // A connection of a process closes with its end, however that comes about.
  const connect = `require("net").connect(${String(port)}, "127.0.0.1").on("error", () => {})`;
  const script = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(connect)}], {stdio: "inherit"}); setInterval(() => {}, 1000)`;
  const aborter = new AbortController();
  const connected = once(listener, "connection");
  const running = runProgram(NODE, ["-e", script], {
    timeoutMs: LIMIT_MS,
    signal: aborter.signal,
  });
  const [socket] = (await connected) as [Socket];
  const closed = once(socket.resume(), "close");
  aborter.abort();
  assert.equal((await running).code, null);
  await closed;
});

test("a tree of processes is ended on Windows by its own tool, named in full", () => {
  const { command, args } = killTreeOnWindows(42, "D:\\Win");
  assert.equal(command, "D:\\Win\\System32\\taskkill.exe");
  assert.deepEqual(args, ["/T", "/F", "/PID", "42"]);
  assert.match(killTreeOnWindows(42, undefined).command, /^C:\\Windows\\/);
});

test("on Windows the server does not look for programs in the open folder", () => {
  const around = { Path: "C:\\tools" };
  const expected = { ...around, NoDefaultCurrentDirectoryInExePath: "1" };
  assert.deepEqual(environmentFor("win32", around), expected);
  assert.deepEqual(environmentFor("linux", around), around);
});

test("a program that is not there is named", async () => {
  const absent = "/absent/program";
  await assert.rejects(runProgram(absent, [], { timeoutMs: LIMIT_MS }), /\/absent\/program/);
});
