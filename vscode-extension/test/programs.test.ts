import assert from "node:assert/strict";
import { test } from "node:test";
import { runProgram } from "../src/programs";

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

test("a program that is not there is named", async () => {
  const absent = "/absent/program";
  await assert.rejects(runProgram(absent, [], { timeoutMs: LIMIT_MS }), /\/absent\/program/);
});
