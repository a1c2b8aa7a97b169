import assert from "node:assert/strict";
import { test } from "node:test";
import { durationsOf } from "./film.mjs";

test("a frame stands until the next is drawn, a long wait is cut, and the last one is looked at", () => {
  assert.deepEqual(durationsOf([10, 10.25, 10.5, 40]), [0.25, 0.25, 2.5, 2]);
});
