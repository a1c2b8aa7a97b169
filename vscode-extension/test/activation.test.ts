// The extension as it is packed, activated by Node in place of the editor.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import Module from "node:module";
import * as path from "node:path";
import { after, beforeEach, test } from "node:test";
import type { ExtensionContext } from "vscode";
import { Program } from "./double/languageServer";
import * as double from "./double/vscode";

type Load = (request: string, ...rest: unknown[]) => unknown;
interface Extension {
  activate(context: ExtensionContext): void;
  deactivate(): Promise<void>;
}

const BUNDLE = path.resolve("dist/extension.js");
const LIMIT = { timeout: 120_000 };
const loader = Module as unknown as { _load: Load };
const load = loader._load;
const searchPath = process.env["PATH"];
let loaded: string[] = [];

loader._load = (request, ...rest) => {
  loaded.push(request);
  return request === "vscode" ? double : load(request, ...rest);
};

after(() => {
  loader._load = load;
  process.env["PATH"] = searchPath;
});

beforeEach(() => {
  double.forget();
  loaded = [];
});

/** Activate the extension where the search path has one folder. */
function activate(folder: string): Extension {
  process.env["PATH"] = folder;
  const extension = load(BUNDLE, module, false) as Extension;
  const context = {
    subscriptions: [],
    extensionPath: path.resolve("."),
    globalStorageUri: { fsPath: path.join(folder, "storage") },
  };
  extension.activate(context as unknown as ExtensionContext);
  return extension;
}

test("to activate loads the one small file, offers every command, and logs how long it took", async () => {
  const extension = activate("/absent");
  assert.equal(double.seen.errors.length, 0, "the server is looked for in the next turn");
  await double.until(() => double.seen.errors.length > 0);
  await extension.deactivate();
  assert.ok(!loaded.some((request) => request.includes("Client")), loaded.join());
  assert.ok(loaded.every((request) => request === "vscode" || Module.isBuiltin(request)));
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
    contributes: { commands: { command: string }[] };
  };
  const offered = manifest.contributes.commands.map(({ command }) => command);
  assert.deepEqual([...double.seen.handlers.keys()].toSorted(), offered.toSorted());
  const lines = double.logs.at(-1)?.lines ?? [];
  assert.equal(lines.filter((line) => /^Activated in \d+ ms\.$/.test(line)).length, 1);
  const told = double.seen.errors.map(({ buttons }) => buttons);
  assert.deepEqual(told, [["Install Server", "Open Settings"]], "there is no server here");
  assert.match(double.items.at(-1)?.tooltip ?? "", /not working/);
  assert.equal(double.items.at(-1)?.command, "warmline.showLog");
});

test(
  "the language client is loaded out of its own file when a server is started",
  LIMIT,
  async (context) => {
    const program = new Program(context, "answers");
    const extension = activate(path.dirname(program.command));
    const lines = double.logs.at(-1)?.lines ?? [];
    await double.until(() => lines.some((line) => line.startsWith("The server answered")));
    assert.ok(loaded.includes("./languageClient"));
    assert.match(double.items.at(-1)?.tooltip ?? "", /loading. The server reads its settings/);
    await extension.deactivate();
  },
);

test("what is loaded first stays small", () => {
  assert.ok(statSync(BUNDLE).size < 100_000, "the heavy parts belong into dist/languageClient.js");
});
