// The item in the status bar, told by a real server through the real client library.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { beforeEach, test } from "node:test";
import type { LogOutputChannel, TextDocument } from "vscode";
import { makeClient } from "../src/languageClient";
import { OffFiles } from "../src/offFiles";
import { Server, type ServerListener } from "../src/server";
import { StatusBar } from "../src/statusBar";
import { Program } from "./double/languageServer";
import { forget, items, Log, type StatusBarItem } from "./double/vscode";

const LIMIT = { timeout: 120_000 };

beforeEach(forget);

/** A status bar, and its item. */
function bar(): { readonly bar: StatusBar; readonly item: StatusBarItem } {
  const made = new StatusBar();
  const item = items.at(-1);
  assert.ok(item !== undefined);
  return { bar: made, item };
}

test("the item goes through all that a server says of itself", LIMIT, async (context) => {
  const { bar: statusBar, item } = bar();
  const log = new Log();
  const seen: string[] = [];
  const events = new EventEmitter();
  const failed = once(events, "failed");
  const note = (): void => {
    seen.push(`${item.text} | ${item.tooltip}`);
  };
  const listener: ServerListener = {
    onStatus: (status) => {
      statusBar.showServer(status);
      note();
      if (status.kind === "Error") {
        events.emit("failed");
      }
    },
    onLoaded: (percent) => {
      statusBar.showLoaded(percent);
      note();
    },
    onAnswer: () => undefined,
    onMissing: () => undefined,
    onFailed: () => undefined,
  };
  const server = new Server({
    log,
    listener,
    find: () => ({ command: new Program(context, "tells").command }),
    folder: () => undefined,
    makeClient: (program) =>
      Promise.resolve(makeClient(program, log as unknown as LogOutputChannel, listener)),
    platform: process.platform,
  });
  await server.start();
  await failed;
  assert.equal(item.command, "warmline.showLog");
  assert.equal(item.backgroundColor?.id, "statusBarItem.errorBackground");
  assert.equal(item.accessibilityInformation?.label, item.tooltip);
  await server.stop();
  assert.deepEqual(seen.slice(0, 11), [
    "$(loading~spin) Warmline | Warmline: loading. The server starts.",
    "$(loading~spin) Warmline | Warmline: loading. The server reads its settings.",
    "$(loading~spin) Warmline | Warmline: loading. Loading the model.",
    "$(loading~spin) Warmline 0% | Warmline: loading. Loading the model.",
    "$(loading~spin) Warmline 42% | Warmline: loading. Loading the model.",
    "$(loading~spin) Warmline | Warmline: loading. Loading the model.",
    "$(zap) Warmline | Warmline: ready",
    "$(loading~spin) Warmline | Warmline: thinking",
    "$(warning) Warmline | Warmline: working, with a warning. It took too long.",
    "$(circle-slash) Warmline | Warmline: suggestions are off",
    "$(error) Warmline | Warmline: not working. The engine has stopped. Click to show the log.",
  ]);
  assert.ok(log.lines.some((line) => line.includes("a status of an unknown form")));
});

test("a file that gets no suggestions says why, until it gets one", async () => {
  const { bar: statusBar, item } = bar();
  let answer: unknown = { reason: "private-file", detail: "The file is one for secrets." };
  const server = { nameOf: () => ({ uri: "file:///a" }), request: () => Promise.resolve(answer) };
  const [file, other] = [{} as TextDocument, {} as TextDocument];
  const offFiles = new OffFiles(server as unknown as Server, () => {
    statusBar.showOffReason(offFiles.reasonFor(file));
  });
  await offFiles.note(file, true);
  const off = "Warmline: off for this file. The file is one for secrets.";
  assert.equal(item.tooltip, off);
  assert.equal(offFiles.reasonFor(other), undefined);
  answer = { reason: "in-comment", detail: "A comment." };
  await offFiles.note(file, true);
  assert.equal(item.tooltip, "Warmline: ready", "a place without suggestions is not such a file");
  answer = { reason: "disabled", detail: "off" };
  await offFiles.note(file, true);
  assert.equal(item.tooltip, "Warmline: off for this file. off");
  await offFiles.note(file, false);
  assert.equal(item.tooltip, "Warmline: ready");
});
