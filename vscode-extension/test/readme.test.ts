import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { STATE_TEXTS } from "../src/status";

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly configuration: readonly { readonly properties: Record<string, unknown> }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly {
        readonly description: string;
        readonly media: { markdown: string };
      }[];
    }[];
  };
}

const README = readFileSync("README.md", "utf8");
const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

/** Whether a row of a table begins with a text. */
function isDescribed(text: string): boolean {
  return README.split("\n").some((line) => /^\| +`?/.test(line) && cellOf(line) === text);
}

function cellOf(line: string): string {
  return (line.split("|")[1] ?? "").trim().replaceAll("`", "");
}

test("every command is described in the README", () => {
  for (const { title } of contributes.commands) {
    assert.ok(isDescribed(title), title);
  }
});

test("every setting is described in the README", () => {
  for (const section of contributes.configuration) {
    for (const name of Object.keys(section.properties)) {
      assert.ok(isDescribed(name), name);
    }
  }
});

test("every text of the status bar is described in the README", () => {
  for (const text of Object.values(STATE_TEXTS)) {
    assert.ok(isDescribed(text), text);
  }
});

test("every command of the manifest is one that the extension answers, and the other way round", () => {
  const source = readFileSync("src/commands.ts", "utf8");
  const [, table] = /const actions: [^{]*\{([\s\S]*?)\n {2}\};/.exec(source) ?? [];
  const answered = [...(table ?? "").matchAll(/^ {4}(\w+):/gm)].map((match) => match[1]);
  const offered = contributes.commands.map(({ command }) => command.replace("warmline.", ""));
  assert.deepEqual(answered.toSorted(), offered.toSorted());
});

test("the walkthrough runs commands that there are, and shows files that there are", () => {
  const known = contributes.commands.map(({ command }) => command);
  for (const { description, media } of contributes.walkthroughs.flatMap(({ steps }) => steps)) {
    for (const [, command] of description.matchAll(/\(command:([\w.]+)\)/g)) {
      assert.ok(command !== undefined && known.includes(command), command);
    }
    assert.ok(readFileSync(media.markdown, "utf8").length > 0);
  }
});
