// Programs that behave like a server, or like none: real ones, to be started by tests.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { TestContext } from "node:test";

/** Speaks just enough of the protocol to be started and stopped. */
const ANSWERS = `
let buffer = Buffer.alloc(0);
process.stdin.on("data", (data) => {
  buffer = Buffer.concat([buffer, data]);
  for (;;) {
    const end = buffer.indexOf("\\r\\n\\r\\n");
    const length = Number(/Content-Length: (\\d+)/.exec(buffer.toString("latin1", 0, end))?.[1]);
    if (end < 0 || buffer.length < end + 4 + length) return;
    const message = JSON.parse(buffer.toString("utf8", end + 4, end + 4 + length));
    buffer = buffer.subarray(end + 4 + length);
    if (message.method === "exit") process.exit(0);
    if (message.method === "test/crash") process.exit(7);
    if (message.method === "initialized") begun();
    if (message.id !== undefined && message.method !== undefined) answer(message);
  }
});
process.stdin.on("end", () => process.exit(0));
function answer({ id, method }) {
  const result = method === "initialize" ? { capabilities: {} } : null;
  send({ id, result });
}
function send(message) {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  process.stdout.write("Content-Length: " + Buffer.byteLength(body) + "\\r\\n\\r\\n" + body);
}
function begun() {}
`;

/** What a program does, as the text of a script. */
export const BEHAVIOURS = {
  answers: ANSWERS,
  /** Reads nothing, answers nothing, and does not listen when it is asked to end. */
  hangs: 'process.on("SIGTERM", () => undefined); setInterval(() => undefined, 1000);',
  ends: 'console.error("no model"); process.exitCode = 3;',
  refuses: ANSWERS.replace("result }", 'error: { code: -32603, message: "no disk" } }'),
  /** Answers, and then goes through all that a server can say of itself. */
  tells: ANSWERS.replace(
    "function begun() {}",
    `function begun() {
      const tell = (busy, kind, message) =>
        send({ method: "didChangeStatus", params: { busy, kind, message } });
      const progress = (value) => send({ method: "$/progress", params: { token: "t", value } });
      tell(true, "Normal", "Loading the model.");
      send({ id: "c", method: "window/workDoneProgress/create", params: { token: "t" } });
      progress({ kind: "begin", title: "Loading", percentage: 0 });
      progress({ kind: "report", percentage: 42 });
      progress({ kind: "end" });
      tell(false, "Normal", "");
      tell(true, "Normal", "");
      tell(false, "Warning", "It took too long.");
      tell(false, "Inactive", "Suggestions are off.");
      send({ method: "didChangeStatus", params: { kind: "Great" } });
      tell(false, "Error", "The engine has stopped.");
    }`,
  ),
  /** Answers, but stays when it is asked to end. */
  stays: `process.on("SIGTERM", () => undefined); ${ANSWERS.replaceAll("process.exit(0)", "setInterval(() => undefined, 1000)")}`,
} as const;

/** A program in a folder of its own, which writes down each of its starts. */
export class Program {
  readonly command: string;
  private readonly record: string;

  constructor(context: TestContext, behaviour: keyof typeof BEHAVIOURS) {
    const folder = mkdtempSync(path.join(tmpdir(), "warmline server-"));
    this.command = path.join(folder, "warmline");
    this.record = path.join(folder, "starts");
    this.behave(behaviour);
    context.after(() => {
      this.pids()
        .filter(isAlive)
        .forEach((pid) => process.kill(pid, "SIGKILL"));
      rmSync(folder, { recursive: true });
    });
  }

  /** What it does from its next start on. */
  behave(behaviour: keyof typeof BEHAVIOURS): void {
    const note = `require("node:fs").appendFileSync(${JSON.stringify(this.record)}, process.pid + "\\n");`;
    writeFileSync(this.command, `#!${process.execPath}\n${note}\n${BEHAVIOURS[behaviour]}`);
    chmodSync(this.command, 0o755);
  }

  /** The numbers of all processes it was started as. */
  pids(): number[] {
    const text = existsSync(this.record) ? readFileSync(this.record, "utf8") : "";
    return text.split("\n").filter(Boolean).map(Number);
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
