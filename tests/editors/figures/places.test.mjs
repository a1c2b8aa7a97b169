import assert from "node:assert/strict";
import { test } from "node:test";
import { choosePlaces } from "./places.mjs";

const TEXT = `"""A module about the shapes
that circles have in the end.
"""
from shapes import circle_of_radius

# a comment about circles and squares
def area_of(circle, places):
    """Return what it has."""
    return round(circle.area, places)
`;

test("a key is the first letter of a word in a line of code", () => {
  const found = choosePlaces(TEXT, 9).toSorted((a, b) => a.line - b.line);
  assert.deepEqual(found, [
    { line: 7, column: 13, key: "c", next: "i" },
    { line: 9, column: 18, key: "c", next: "i" },
  ]);
});

test("the places asked for are spread over the whole file, and none comes twice", () => {
  const many = Array.from({ length: 100 }, (_, i) => `value_${i} = compute(value)`).join("\n");
  const lines = choosePlaces(many, 10).map(({ line }) => line);
  assert.deepEqual(
    lines.toSorted((a, b) => a - b),
    [1, 11, 21, 31, 41, 51, 61, 71, 81, 91],
  );
  assert.notDeepEqual(
    lines,
    lines.toSorted((a, b) => a - b),
    "in strides",
  );
});
