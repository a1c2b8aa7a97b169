import assert from "node:assert/strict";
import { test } from "node:test";
import { toggled } from "../src/languages";
import { parseModels, parsePullLine } from "../src/models/catalogue";
import { inBytes, inTime } from "../src/text";

function listed(entry: object): string {
  return JSON.stringify({ models: [{ name: "m", title: "M", description: "d", ...entry }] });
}

test("a model says what is on disk and what has to be downloaded", () => {
  const sizes = [
    { state: "ready", bytes_on_disk: 988_000_000, download_bytes: 491_400_064 },
    { state: "absent", bytes_on_disk: 0, download_bytes: 491_400_064 },
    { state: "partial", bytes_on_disk: 100_000_000, download_bytes: 491_400_064 },
    { state: "damaged", bytes_on_disk: 5, download_bytes: 491_400_064 },
    { state: "absent", bytes_on_disk: 0, download_bytes: null },
  ].map((entry) => parseModels(listed(entry))[0]?.size);
  assert.deepEqual(sizes, [
    "988 MB on disk",
    "491 MB to download",
    "491 MB to download, 100 MB of it here",
    "damaged; 491 MB to download again",
    "size unknown to download",
  ]);
});

test("only what is whole on disk is ready", () => {
  assert.equal(parseModels(listed({ state: "ready" }))[0]?.isReady, true);
  assert.equal(parseModels(listed({ state: "partial" }))[0]?.isReady, false);
});

test("a model from a file has its name for a title; entries without a name are left out", () => {
  const models = parseModels(JSON.stringify({ models: [{ name: "x", title: null }, {}, 3] }));
  assert.deepEqual(
    models.map((model) => model.title),
    ["x"],
  );
});

test("the progress of a download is read line by line", () => {
  const line = "Downloading part 2 of 6: 40%";
  assert.deepEqual(parsePullLine(line), { message: "Downloading part 2 of 6", percent: 40 });
  assert.deepEqual(parsePullLine("Converting"), { message: "Converting", percent: undefined });
});

test("a language is turned off, and on again", () => {
  const off = toggled(["markdown"], "python");
  assert.deepEqual(off, ["markdown", "python"]);
  assert.deepEqual(toggled(off, "python"), ["markdown"]);
});

test("sizes and times are told in the unit that fits", () => {
  assert.deepEqual([0, 999, 1_500, 491_400_064, 3_090_000_000].map(inBytes), [
    "0 B",
    "999 B",
    "1.5 kB",
    "491 MB",
    "3.1 GB",
  ]);
  assert.deepEqual([0.04, 12.4, 1_240].map(inTime), ["0.0 ms", "12 ms", "1.2 s"]);
});
