import assert from "node:assert/strict";
import { test } from "node:test";
import { listStatus, parseServerStatus, viewStatus } from "../src/status";

test("a status is read as the server sends it", () => {
  const status = { busy: true, kind: "Warning", message: "offline" };
  assert.deepEqual(parseServerStatus(status), status);
});

test("what is no status is told apart from one", () => {
  for (const value of [null, undefined, "Normal", 3, {}, { kind: "Great" }, { kind: "toString" }]) {
    assert.equal(parseServerStatus(value), undefined);
  }
});

test("missing fields mean idle and without a message", () => {
  assert.deepEqual(parseServerStatus({ kind: "Normal" }), {
    busy: false,
    kind: "Normal",
    message: "",
  });
});

test("a busy server spins, unless it failed", () => {
  const busy = viewStatus({ busy: true, kind: "Normal", message: "loading the model" });
  assert.deepEqual(busy, {
    text: "$(loading~spin) Warmline",
    tooltip: "Warmline: loading the model",
  });
  assert.equal(viewStatus({ busy: true, kind: "Error", message: "" }).text, "$(error) Warmline");
});

test("each kind without a message still says something", () => {
  for (const kind of ["Normal", "Error", "Warning", "Inactive"] as const) {
    const { text, tooltip } = viewStatus({ busy: false, kind, message: "" });
    assert.match(text, /^\$\([a-z-]+\) Warmline$/);
    assert.notEqual(tooltip, "Warmline: ");
  }
});

test("the full status is listed line by line, deeper values indented", () => {
  const lines = listStatus({ model: "tiny", caches: [{ tokens: 12 }], reason: null });
  assert.deepEqual(lines, ["model: tiny", "caches:", "  0:", "    tokens: 12", "reason: null"]);
});
