import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countStates,
  parseCacheMap,
  statesOfLines,
  type CacheMap,
  type TokenState,
} from "../src/views/cacheMap";
import { cacheContent } from "../src/views/cachePage";

function cacheOf(...runs: [origin: string, isExact: boolean, text: string][]): CacheMap {
  let start = 0;
  const sent = runs.map(([origin, isExact, text]) => {
    const stop = start + Math.max(1, text.length);
    const run = { start, stop, origin, is_exact: isExact, text };
    start = stop;
    return run;
  });
  const cache = parseCacheMap({
    runs: sent,
    num_tokens: start,
    exact_prefix: 7,
    bytes_used: 12_300_000,
    last_sync: { prompt: start, kept: 1, moved: 5125, encoded: 3, exact_prefix: 7, sync_ms: 133.4 },
  });
  assert.ok(cache !== undefined);
  return cache;
}

const FIM = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"] as const;

test("states are told as the command line draws them", () => {
  const { runs } = cacheOf(
    ["encoded", true, "a"],
    ["kept", true, "b"],
    ["moved", true, "c"],
    ["kept", false, "d"],
    ["moved", false, "e"],
  );
  const states = runs.map((run) => run.state);
  assert.deepEqual(states, ["encoded", "exact", "exact", "kept", "moved"]);
  assert.deepEqual(countStates(runs), { exact: 2, kept: 1, moved: 1, encoded: 1 });
});

test("no cache is told apart from an empty one", () => {
  assert.equal(parseCacheMap(null), undefined);
  assert.deepEqual(parseCacheMap({})?.runs, []);
});

function check(cache: CacheMap, text: string, expected: (TokenState | undefined)[]): void {
  assert.deepEqual(statesOfLines(cache.runs, text.split("\n")), expected);
}

test("each line has the state that cost most in it", () => {
  const cache = cacheOf(
    ["kept", true, `<|repo_name|>demo\n<|file_sep|>a.py\n${FIM[0]}one = 1\ntwo`],
    ["encoded", false, ` = 2\nth`],
    ["moved", false, `${FIM[1]}ree = 3\nfour = 4\n${FIM[2]}`],
  );
  check(cache, "one = 1\ntwo = 2\nthree = 3\nfour = 4\n", [
    "exact",
    "encoded",
    "encoded",
    "moved",
    undefined,
  ]);
});

test("the lines of a part of a long document are where that part is", () => {
  const cache = cacheOf(["moved", false, `${FIM[0]}c = 3\nd = 4\n${FIM[1]}e = 5\n${FIM[2]}`]);
  const lines = ["a = 1", "b = 2", "c = 3", "d = 4", "e = 5", "f = 6"];
  check(cache, lines.join("\n"), [undefined, undefined, "moved", "moved", "moved", undefined]);
});

test("pieces of other files that hold the same lines colour nothing", () => {
  const cache = cacheOf(
    ["encoded", false, `<|file_sep|>b.py\nimport os\nimport sys\nx = 1\n<|file_sep|>`],
    ["kept", true, `${FIM[0]}import os\ny = 2\n`],
  );
  check(cache, "import os\ny = 2\n", ["exact", "exact", undefined]);
});

test("secrets and the word at the cursor may be missing in the cache", () => {
  const cache = cacheOf(["kept", true, `${FIM[0]}key = "xxxxxx"\nuse(key)\npri${FIM[1]}\nend()\n`]);
  const text = 'key = "s3cret"\nuse(key)\nprint_all\nend()\n';
  check(cache, text, ["exact", "exact", "exact", "exact", undefined]);
});

test("a text that is nowhere in the document colours nothing", () => {
  check(cacheOf(["kept", true, "something else"]), "one\ntwo", [undefined, undefined]);
});

test("the page tells the totals and what the last edit took", () => {
  const cache = cacheOf(["kept", true, "abc"], ["encoded", false, "de"]);
  const { markup } = cacheContent("src/a.py", cache);
  for (const told of ["src/a.py", "133 ms", "5,125", "12 MB", "60.0%", "40.0%"]) {
    assert.ok(markup.includes(told), told);
  }
  assert.match(markup, /role="img"\s+aria-label="[^"]*3 exact, 0 kept, 0 moved, 2 encoded\."/);
});

test("why there is no cache is told as text", () => {
  const { markup } = cacheContent("<a>.py", "No <b> cache.");
  assert.ok(markup.includes("&lt;a&gt;.py") && markup.includes("No &lt;b&gt; cache."));
});
