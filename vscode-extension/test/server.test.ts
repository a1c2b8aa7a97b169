// The server's life with real programs and the real client library; only the editor is a double.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { beforeEach, test, type TestContext } from "node:test";
import type { LogOutputChannel } from "vscode";
import { makeClient } from "../src/languageClient";
import { failedServer } from "../src/notices";
import { Server, type ServerListener } from "../src/server";
import type { ServerStatus } from "../src/status";
import { isAlive, Program, type BEHAVIOURS } from "./double/languageServer";
import { forget, Log, seen } from "./double/vscode";

const LIMIT = { timeout: 120_000 };

/** A server for a program, and all that it reports. */
class Setting {
  private readonly events = new EventEmitter();
  readonly program: Program;
  readonly log = new Log(() => this.events.emit("said"));
  readonly statuses: ServerStatus[] = [];
  readonly failures: string[] = [];
  readonly missing: string[] = [];
  readonly server: Server;

  constructor(context: TestContext, behaviour: keyof typeof BEHAVIOURS, startTimeoutMs = 60_000) {
    this.program = new Program(context, behaviour);
    const listener: ServerListener = {
      onStatus: (status) => {
        this.statuses.push(status);
        this.events.emit("said");
      },
      onLoaded: () => undefined,
      onAnswer: () => undefined,
      onMissing: (problem) => this.missing.push(problem),
      onFailed: (problem) => this.failures.push(problem),
    };
    const log = this.log as unknown as LogOutputChannel;
    this.server = new Server({
      log,
      listener,
      find: () => ({ command: this.program.command }),
      folder: () => undefined,
      makeClient: (program) => Promise.resolve(makeClient(program, log, listener)),
      platform: process.platform,
      startTimeoutMs,
    });
    context.after(() => this.server.stop());
  }

  get kind(): string | undefined {
    return this.statuses.at(-1)?.kind;
  }

  /** Wait until something has come to be, by what is said in the log and the status. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await once(this.events, "said");
    }
  }

  /** Wait until the server has been started so many times. */
  async untilStarted(times: number): Promise<void> {
    const starts = (): number =>
      this.log.lines.filter((line) => line.startsWith("The server answered")).length;
    await this.until(() => starts() === times);
  }

  running(): number[] {
    return this.program.pids().filter(isAlive);
  }
}

beforeEach(forget);

test(
  "a server that answers is started, asked, and gone when it is stopped",
  LIMIT,
  async (context) => {
    const setting = new Setting(context, "answers");
    await setting.server.start();
    assert.equal(setting.kind, "Normal");
    assert.equal(await setting.server.request("test/echo"), null);
    await setting.server.stop();
    assert.deepEqual(setting.running(), []);
    assert.equal(await setting.server.request("test/echo"), undefined);
    assert.deepEqual(setting.failures, []);
  },
);

test("a server that never answers is killed, and that is told once", LIMIT, async (context) => {
  const setting = new Setting(context, "hangs", 1_000);
  await setting.server.start();
  assert.equal(setting.program.pids().length, 1);
  assert.deepEqual(setting.running(), []);
  assert.equal(setting.failures.length, 1);
  assert.match(setting.failures[0] ?? "", /did not start: no answer within 1000 ms/);
  assert.deepEqual(seen.errors, [], "the client library shows no message of its own");
  assert.equal(setting.kind, "Error");
});

for (const [behaviour, reason] of [
  ["ends", /exit code 3/],
  ["refuses", /no disk/],
] as const) {
  test(
    `a server that ${behaviour} at once is told once, with the reason`,
    LIMIT,
    async (context) => {
      const setting = new Setting(context, behaviour);
      await setting.server.start();
      assert.equal(setting.failures.length, 1);
      assert.match(setting.failures[0] ?? "", reason);
      assert.deepEqual(seen.errors, []);
      assert.deepEqual(setting.running(), []);
      assert.equal(setting.program.pids().length, 1);
    },
  );
}

test("a program that is not there is told, and no exception", LIMIT, async (context) => {
  const setting = new Setting(context, "answers");
  Object.assign(setting.program, { command: "/absent/warmline" });
  await setting.server.start();
  assert.match(setting.failures[0] ?? "", /ENOENT/);
});

test("a server that hangs at its start does not hold up a restart", LIMIT, async (context) => {
  const setting = new Setting(context, "hangs");
  const start = setting.server.start();
  setting.program.behave("answers");
  await setting.server.restart();
  await start;
  assert.equal(setting.running().length, 1);
  assert.deepEqual(setting.failures, [], "nobody is told of what was asked for");
});

test("a server that does not end when it is asked to is ended", LIMIT, async (context) => {
  const setting = new Setting(context, "stays");
  await setting.server.start();
  await setting.server.stop();
  assert.deepEqual(setting.running(), []);
});

test("restarts asked for while one is under way are one more", LIMIT, async (context) => {
  const setting = new Setting(context, "answers");
  await setting.server.start();
  const first = setting.server.restart();
  // It is under way when it has said so.
  const before = setting.statuses.length;
  await setting.until(() => setting.statuses.length > before);
  const others = [setting.server.restart(), setting.server.restart(), setting.server.restart()];
  await Promise.all([first, ...others]);
  assert.equal(new Set(others).size, 1);
  assert.equal(setting.running().length, 1);
  assert.ok(setting.program.pids().length <= 3, "the first start, and two restarts");
});

test("a server that crashes is started again", LIMIT, async (context) => {
  const setting = new Setting(context, "answers");
  await setting.server.start();
  await assert.rejects(setting.server.request("test/crash"));
  await setting.untilStarted(2);
  assert.ok(setting.statuses.some(({ message }) => message.includes("exit code 7")));
  assert.equal(setting.running().length, 1);
  assert.deepEqual(setting.failures, []);
  assert.deepEqual(seen.errors, []);
});

test(
  "a server that crashes again and again is given up, and that is told once",
  LIMIT,
  async (context) => {
    const setting = new Setting(context, "answers");
    await setting.server.start();
    for (const start of [1, 2, 3, 4, 5]) {
      await setting.untilStarted(start);
      await assert.rejects(setting.server.request("test/crash"));
    }
    await setting.until(() => setting.failures.length > 0);
    assert.match(setting.failures.join(), /5 times within 3 minutes/);
    assert.equal(setting.program.pids().length, 5);
    assert.deepEqual(setting.running(), []);
  },
);

test("without a server nothing is started, and what is missing is told", LIMIT, async (context) => {
  const setting = new Setting(context, "answers");
  const parts = (setting.server as unknown as { parts: { find: () => object } }).parts;
  parts.find = () => ({ problem: "There is none." });
  await setting.server.start();
  assert.deepEqual(setting.missing, ["There is none."]);
  assert.deepEqual(setting.program.pids(), []);
});

test("trouble is told with what can be done, and not twice while it stands", () => {
  void failedServer.show("It hangs.");
  void failedServer.show("It hangs again.");
  const told = [{ message: "It hangs.", buttons: ["Show Log", "Restart"] }];
  assert.deepEqual(seen.errors, told);
});
