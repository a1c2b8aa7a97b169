import assert from "node:assert/strict";
import { test } from "node:test";
import { explainContent, placesOf } from "../src/views/explainPage";
import { parseExplanation, parseLastSuggestion, type Explanation } from "../src/views/explanation";
import { doctorContent } from "../src/views/doctorPage";
import { escapeText, html } from "../src/views/html";
import { page } from "../src/views/page";

const HOSTILE = `</pre><script>alert("1")</script><img src=x onerror='x'>&`;

function chunk(path: string, change: object = {}): object {
  return {
    path,
    line: 12,
    num_lines: 8,
    origin: "repository",
    score: 3.456,
    lexical_score: 11.2,
    encoder_score: null,
    gain: 0.8,
    tokens: 90,
    is_cut: false,
    left_out: "",
    text: HOSTILE,
    ...change,
  };
}

function explanation(change: object = {}): Explanation {
  const parsed = parseExplanation({
    document: "file:///a.py",
    model: "qwen2.5-coder-0.5b",
    chunks: [chunk("worse.py"), chunk("best.py")],
    left_out: [chunk("out.py", { left_out: "It repeats best.py." })],
    budget_tokens: 1024,
    context_tokens: 180,
    prompt_tokens: 3000,
    note: "",
    timings: { lexical_ms: 3.1, encoder_ms: 8, search_ms: 12.5, prompt_ms: 1 },
    prompt: [
      { kind: "chunk", label: "best.py", tokens: 180, text: "x" },
      { kind: "before", label: "", tokens: 2000, text: "x" },
      { kind: "after", label: "", tokens: 820, text: "x" },
    ],
    name: {
      kind: "member",
      receiver: "client",
      typed: "",
      names: ["close", "open"],
      analyser: "jedi",
      took_ms: 12,
      reason: "",
    },
    ...change,
  });
  assert.ok(parsed !== undefined);
  return parsed;
}

const SUGGESTION = parseLastSuggestion({
  text: HOSTILE,
  candidates: [{ confidence: 0.71 }],
  origin: "model",
  timings: { sync_ms: 40, first_token_ms: 90, total_ms: 310, search_ms: 0 },
  monitors: {
    vetoes: [
      {
        kind: "member",
        receiver: "client",
        name: "shut",
        instead: "close",
        analyser: "jedi",
        took_ms: 9,
      },
    ],
    waited_ms: 5,
    notes: [],
  },
  reason: null,
  detail: "",
});

test("text of code never becomes markup", () => {
  const { markup } = explainContent(HOSTILE, explanation(), SUGGESTION);
  assert.ok(!markup.includes("<script"));
  assert.ok(!markup.includes("<img"));
  assert.ok(markup.includes(escapeText(HOSTILE)));
  assert.equal(html`<b>${'"'}</b>`.markup, "<b>&quot;</b>");
});

test("the best chunk is on top, with its scores and a button that leads to it", () => {
  const { markup } = explainContent("a.py:1:1", explanation(), SUGGESTION);
  assert.ok(markup.indexOf("best.py:12-19") < markup.indexOf("worse.py:12-19"));
  assert.match(markup, /<button data-place="1">best\.py:12-19<\/button>/);
  assert.match(markup, /<button data-place="2">out\.py/);
  assert.ok(markup.includes("3.46") && markup.includes("11.20"));
});

test("the number of a button is that of its place", () => {
  assert.deepEqual(
    placesOf(explanation()).map((place) => place.path),
    ["worse.py", "best.py", "out.py"],
  );
});

test("what was taken back, what may stand there and what it took are told", () => {
  const { markup } = explainContent("a.py:1:1", explanation(), SUGGESTION);
  for (const told of ["<del>shut</del>", "close", "jedi knows no such member of client"]) {
    assert.ok(markup.includes(told), told);
  }
  assert.ok(markup.includes("close, open"));
  assert.ok(markup.includes("310 ms") && markup.includes("8.0 ms"));
  assert.ok(markup.includes("71% likelihood"));
});

test("no suggestion, and no explanation, are told with their reasons", () => {
  const empty = parseLastSuggestion({ text: "", detail: "The cursor is in a comment." });
  assert.ok(explainContent("a", explanation(), empty).markup.includes("in a comment"));
  assert.ok(explainContent("a", "no answer", undefined).markup.includes("no answer"));
  assert.equal(parseExplanation(null), undefined);
});

test("nothing is retrieved, and the page says why", () => {
  const alone = explanation({ chunks: [], left_out: [], note: "Nothing was found.", name: null });
  const { markup } = explainContent("a", alone, undefined);
  assert.ok(markup.includes("Nothing was found."));
  assert.ok(!markup.includes("Left out"));
});

test("a page runs nothing but its own script and loads nothing", () => {
  const whole = page("T", html`<p>${HOSTILE}</p>`, "abc");
  assert.match(whole, /default-src 'none'|default-src &#39;none&#39;/);
  assert.equal(whole.match(/<script/g)?.length, 1);
  assert.match(whole, /<script nonce="abc">/);
  assert.ok(!/\sstyle=|\son\w+=|https?:/.test(whole.replace(escapeText(HOSTILE), "")));
});

test("the doctor's findings are told with what to do", () => {
  const report = {
    works: false,
    findings: [
      { subject: "Python", verdict: "works", found: "3.11.2", advice: "" },
      { subject: "model", verdict: "broken", found: "<none>", advice: "warmline models pull" },
    ],
  };
  const { markup } = doctorContent(JSON.stringify(report));
  for (const told of ["✓ works", "✗ broken", "&lt;none&gt;", "warmline models pull"]) {
    assert.ok(markup.includes(told), told);
  }
  assert.throws(() => doctorContent("not JSON"));
});
