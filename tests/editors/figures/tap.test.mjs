import assert from "node:assert/strict";
import { test } from "node:test";
import { Frames, Listener } from "./tap.mjs";

function frameOf(message) {
  const text = JSON.stringify(message);
  return Buffer.from(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

test("messages come whole, however their bytes arrive", () => {
  const messages = [{ id: 1, text: "é" }, { id: 2 }];
  const bytes = Buffer.concat(messages.map(frameOf));
  for (let size = 1; size <= bytes.length; size += 1) {
    const taken = [];
    const frames = new Frames((frame, message) => taken.push([frame, message]));
    for (let start = 0; start < bytes.length; start += size) {
      frames.push(bytes.subarray(start, start + size));
    }
    assert.deepEqual(
      taken,
      messages.map((message) => [frameOf(message), message]),
    );
  }
});

test("an answer is written down with what the server says of it, which the editor does not get", () => {
  const written = [];
  const asked = [];
  let time = 100;
  const listener = new Listener(
    () => time,
    (record) => written.push(record),
    (message) => asked.push(message),
  );
  const textDocument = { uri: "file:///a.py" };
  const method = "textDocument/inlineCompletion";
  listener.fromEditor({ id: 7, method, params: { textDocument } });
  time = 150;
  assert.ok(listener.fromServer({ id: 7, result: { items: [{}] } }));
  assert.deepEqual(asked[0].params, { textDocument });
  const result = { origin: "model", timings: { total_ms: 45 }, text: "x" };
  assert.ok(!listener.fromServer({ id: asked[0].id, result }));
  assert.deepEqual(written, [
    { asked: 100, answered: 150, items: 1, origin: "model", timings: { total_ms: 45 } },
  ]);
});

test("of an answer with nothing nothing is asked", () => {
  const written = [];
  const listener = new Listener(
    () => 5,
    (record) => written.push(record),
    assert.fail,
  );
  const method = "textDocument/inlineCompletion";
  listener.fromEditor({ id: 7, method, params: { textDocument: { uri: "file:///a.py" } } });
  assert.ok(listener.fromServer({ id: 7, result: { items: [] } }));
  assert.deepEqual(written, [{ asked: 5, answered: 5, items: 0 }]);
});
