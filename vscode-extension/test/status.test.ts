import assert from "node:assert/strict";
import { test } from "node:test";
import {
  listStatus,
  offReasonIn,
  parseServerStatus,
  STATE_TEXTS,
  viewStatus,
  type ServerStatus,
} from "../src/status";

function status(change: Partial<ServerStatus> = {}): ServerStatus {
  return { busy: false, kind: "Normal", message: "", ...change };
}

test("a status is read as the server sends it", () => {
  const sent = { busy: true, kind: "Warning", message: "offline" };
  assert.deepEqual(parseServerStatus(sent), sent);
});

test("what is no status is told apart from one", () => {
  for (const value of [null, undefined, "Normal", 3, {}, { kind: "Great" }, { kind: "toString" }]) {
    assert.equal(parseServerStatus(value), undefined);
  }
});

test("missing fields mean idle and without a message", () => {
  assert.deepEqual(parseServerStatus({ kind: "Normal" }), status());
});

test("loading shows how far it is", () => {
  const server = status({ busy: true, message: "Reading weights." });
  assert.deepEqual(viewStatus({ server, loadedPercent: 42.4 }), {
    text: "$(loading~spin) Warmline 42%",
    tooltip: "Warmline: loading. Reading weights.",
    command: "warmline.showStatus",
  });
  assert.equal(viewStatus({ server }).text, "$(loading~spin) Warmline");
});

test("a server that writes is thinking, one that rests is ready", () => {
  assert.equal(
    viewStatus({ server: status({ busy: true }) }).tooltip,
    `Warmline: ${STATE_TEXTS.thinking}`,
  );
  assert.equal(viewStatus({ server: status() }).tooltip, `Warmline: ${STATE_TEXTS.ready}`);
});

test("a warning says what the last request got nothing for", () => {
  const view = viewStatus({ server: status({ kind: "Warning", message: "It took too long." }) });
  assert.deepEqual(view, {
    text: "$(warning) Warmline",
    tooltip: "Warmline: working, with a warning. It took too long.",
    command: "warmline.showStatus",
  });
});

test("a server that writes while it warns is thinking all the same", () => {
  const view = viewStatus({ server: status({ busy: true, kind: "Warning" }) });
  assert.equal(view.text, "$(loading~spin) Warmline");
});

test("every state can be come to, and each looks different from the others", () => {
  const situations = [
    { server: status({ busy: true, message: "Reading." }) },
    { server: status({ busy: true }) },
    { server: status() },
    { server: status({ kind: "Inactive" }) },
    { server: status(), offReason: "private" },
    { server: status({ kind: "Warning" }) },
    { server: status({ kind: "Error" }) },
  ];
  const tooltips = situations.map((situation) => viewStatus(situation).tooltip);
  for (const text of Object.values(STATE_TEXTS)) {
    assert.equal(tooltips.filter((tooltip) => tooltip.startsWith(`Warmline: ${text}`)).length, 1);
  }
});

test("a file without suggestions says why", () => {
  const view = viewStatus({ server: status(), offReason: "An ignore file names it." });
  assert.equal(view.text, "$(circle-slash) Warmline");
  assert.equal(view.tooltip, "Warmline: off for this file. An ignore file names it.");
});

test("an error wins over all else, and a click on it shows the log", () => {
  const view = viewStatus({
    server: status({ busy: true, kind: "Error", message: "It is gone." }),
    loadedPercent: 10,
    offReason: "private",
  });
  assert.equal(view.text, "$(error) Warmline");
  assert.equal(view.command, "warmline.showLog");
  assert.match(view.tooltip, /It is gone\. Click to show the log\./);
});

test("turned off is turned off, whatever is being loaded", () => {
  const view = viewStatus({ server: status({ kind: "Inactive" }), loadedPercent: 10 });
  assert.match(view.tooltip, /suggestions are off/);
});

test("only reasons that hold for a whole file turn it off", () => {
  const off = { reason: "private-file", detail: "The file is one for secrets." };
  assert.equal(offReasonIn(off), "The file is one for secrets.");
  assert.equal(offReasonIn({ reason: "in-comment", detail: "A comment." }), undefined);
  assert.equal(offReasonIn({ reason: null, detail: "" }), undefined);
  assert.equal(offReasonIn(null), undefined);
});

test("the full status is listed line by line, deeper values indented", () => {
  const lines = listStatus({ model: "tiny", caches: [{ tokens: 12 }], reason: null });
  assert.deepEqual(lines, ["model: tiny", "caches:", "  0:", "    tokens: 12", "reason: null"]);
});
