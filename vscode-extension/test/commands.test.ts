// What each command does, with real programs in the server's place; the editor is a double.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { beforeEach, test, type TestContext } from "node:test";
import { registerCommands, type Parts } from "../src/commands";
import { Environments } from "../src/install/environments";
import type { ServerCommand } from "../src/serverCommand";
import { CacheView } from "../src/views/cacheView";
import { ExplainView } from "../src/views/explainView";
import { forget, Log, seen, window } from "./double/vscode";

const MODELS = {
  models: [
    { name: "small", title: "Small", state: "ready", bytes_on_disk: 98_000_000 },
    { name: "large", title: "Large", state: "absent", download_bytes: 491_400_064 },
  ],
};
const FINDINGS = {
  works: false,
  findings: [{ verdict: "broken", subject: "disk", found: "full", advice: "Free some." }],
};
/** Does what the command line does, for the commands that the extension runs. */
const COMMAND_LINE = `
const args = process.argv.slice(2).join(" ");
if (args === "models list --json") console.log(${JSON.stringify(JSON.stringify(MODELS))});
else if (args === "models pull large") console.log("Downloading part 1 of 2: 40%");
else if (args.startsWith("doctor --json")) {
  console.log(${JSON.stringify(JSON.stringify(FINDINGS))});
  process.exitCode = 1;
} else { console.error("not known: " + args); process.exitCode = 2; }
`;

const ran = new Set<string>();

beforeEach(forget);

/** What a running server answers, and how often it was restarted. */
class FakeServer {
  numRestarts = 0;
  readonly asked: string[] = [];

  request(method: string): Promise<unknown> {
    this.asked.push(method);
    return Promise.resolve(method === "warmline/status" ? { model: "tiny" } : undefined);
  }
  nameOf(): object {
    return { uri: "file:///a.py" };
  }
  restart(): Promise<void> {
    this.numRestarts += 1;
    return Promise.resolve();
  }
}

/** All commands registered, and what they work with. */
class Setting {
  readonly log = new Log();
  readonly server = new FakeServer();
  readonly folder = mkdtempSync(path.join(tmpdir(), "warmline commands-"));
  found: ServerCommand;

  constructor(context: TestContext) {
    const command = path.join(this.folder, "warmline");
    writeFileSync(command, `#!${process.execPath}\n${COMMAND_LINE}`);
    chmodSync(command, 0o755);
    this.found = { command };
    context.after(() => {
      rmSync(this.folder, { recursive: true });
      window.activeTextEditor = undefined;
    });
    const { log, server } = this as unknown as Parts;
    registerCommands({
      log,
      server,
      context: { extensionPath: this.folder } as Parts["context"],
      environments: new Environments(path.join(this.folder, "storage"), process.platform),
      explainView: new ExplainView(server),
      cacheView: new CacheView(server),
      findServer: () => this.found,
    });
  }

  async run(command: string): Promise<void> {
    const handler = seen.handlers.get(`warmline.${command}`);
    assert.ok(handler !== undefined, command);
    ran.add(`warmline.${command}`);
    await handler();
  }
}

/** An editor with a Python file in front. */
function openFile(): void {
  const uri = { path: "a.py" };
  const document = { uri, languageId: "python", getText: () => "" };
  const setDecorations = (): void => undefined;
  window.activeTextEditor = {
    document,
    setDecorations,
    selection: { active: { line: 2, character: 4 } },
  };
}

test("toggle turns suggestions off and on again, and says so", async (context) => {
  const setting = new Setting(context);
  await setting.run("toggle");
  assert.equal(seen.settings.get("enabled"), false);
  await setting.run("toggle");
  assert.equal(seen.settings.get("enabled"), true);
  assert.deepEqual(seen.brief, ["Warmline: suggestions are off", "Warmline: suggestions are on"]);
});

test("toggleLanguage takes the language of the file in front", async (context) => {
  const setting = new Setting(context);
  await setting.run("toggleLanguage");
  assert.match(seen.brief.at(-1) ?? "", /open a file/);
  openFile();
  await setting.run("toggleLanguage");
  assert.deepEqual(seen.settings.get("disabledLanguages"), ["python"]);
  assert.equal(seen.brief.at(-1), "Warmline: suggestions for python are off");
});

for (const [command, editors] of [
  ["triggerSuggestion", "editor.action.inlineSuggest.trigger"],
  ["nextSuggestion", "editor.action.inlineSuggest.showNext"],
  ["previousSuggestion", "editor.action.inlineSuggest.showPrevious"],
] as const) {
  test(`${command} is the editor's own ${editors}`, async (context) => {
    await new Setting(context).run(command);
    assert.deepEqual(seen.commands, [editors]);
  });
}

test("explain shows the place of the cursor, and asks for a file where there is none", async (context) => {
  const setting = new Setting(context);
  await setting.run("explain");
  assert.match(seen.errors.at(-1)?.message ?? "", /Open a file/);
  openFile();
  await setting.run("explain");
  assert.match(seen.pages.at(-1) ?? "", /a\.py:3:5/);
  assert.deepEqual(setting.server.asked, ["warmline/lastSuggestion", "warmline/explain"]);
});

test("showCache shows the cache of the file in front", async (context) => {
  const setting = new Setting(context);
  openFile();
  await setting.run("showCache");
  assert.match(seen.pages.at(-1) ?? "", /holds no cache of this file yet/);
  assert.deepEqual(setting.server.asked, ["warmline/cache"]);
});

test("chooseModel downloads what is not there yet, with progress, and uses it", async (context) => {
  const setting = new Setting(context);
  seen.choose = (labels) => labels.findIndex((label) => label.includes("Large"));
  await setting.run("chooseModel");
  assert.equal(seen.settings.get("model"), "large");
  assert.ok(seen.progress.includes("Downloading part 1 of 2 40%"));
});

test("chooseModel uses what is there without a download", async (context) => {
  const setting = new Setting(context);
  seen.choose = (labels) => labels.findIndex((label) => label.includes("Small"));
  await setting.run("chooseModel");
  assert.equal(seen.settings.get("model"), "small");
  assert.deepEqual(seen.progress, []);
});

test("chooseModel changes nothing where nothing is chosen", async (context) => {
  await new Setting(context).run("chooseModel");
  assert.equal(seen.settings.size, 0);
});

test("doctor shows what is broken, and what to do about it", async (context) => {
  await new Setting(context).run("doctor");
  assert.match(seen.pages.at(-1) ?? "", /✗ broken[\s\S]*Free some\./);
});

test("showStatus writes what the server knows into the log, and shows it", async (context) => {
  const setting = new Setting(context);
  await setting.run("showStatus");
  assert.match(setting.log.lines.at(-1) ?? "", /model: tiny/);
  assert.equal(setting.log.numShown, 1);
});

test("showLog shows the log", async (context) => {
  const setting = new Setting(context);
  await setting.run("showLog");
  assert.equal(setting.log.numShown, 1);
});

test("restart restarts the server", async (context) => {
  const setting = new Setting(context);
  await setting.run("restart");
  assert.equal(setting.server.numRestarts, 1);
});

test("installServer installs nothing where the first question is not answered", async (context) => {
  const setting = new Setting(context);
  await setting.run("installServer");
  assert.deepEqual(seen.questions, ["Warmline: where should the server come from?"]);
  assert.equal(setting.server.numRestarts, 0);
  assert.deepEqual(seen.errors, []);
});

test("what needs a server offers to install one where there is none", (context) => {
  const setting = new Setting(context);
  setting.found = { problem: "There is no server." };
  void setting.run("doctor");
  const told = [{ message: "There is no server.", buttons: ["Install Server", "Open Settings"] }];
  assert.deepEqual(seen.errors, told);
});

test("what a command cannot do is told and logged, and the message leads to the log", async (context) => {
  const setting = new Setting(context);
  setting.found = { command: "/absent/warmline" };
  seen.answer = "Show Log";
  await setting.run("doctor");
  assert.match(seen.errors.at(-1)?.message ?? "", /^Warmline: The program \/absent\/warmline/);
  assert.match(setting.log.lines.at(-1) ?? "", /\/absent\/warmline/);
  assert.equal(setting.log.numShown, 1);
});

test("every command was run by one of these tests", () => {
  const text = readFileSync("package.json", "utf8");
  const manifest = JSON.parse(text) as { contributes: { commands: { command: string }[] } };
  const offered = manifest.contributes.commands.map(({ command }) => command);
  assert.deepEqual([...ran].toSorted(), offered.toSorted());
});
