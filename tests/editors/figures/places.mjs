// Where in a Python file a key is pressed. No editor in here.

const LEAST_CODE = 12; // characters of a line, without its indentation
const STRIDE = 7; // so that one place is far from the one before

/**
 * Places spread through a file, as `{line, column, key, next}`, lines and columns from 1: each the
 * first letter of a word past the first third of a line of code, and the character after it.
 */
export function choosePlaces(text, wanted) {
  const all = [...codeLines(text)].flatMap(([line, code]) => placeIn(line, code));
  const count = Math.min(wanted, all.length);
  const spread = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]);
  return inStrides(spread);
}

/** The lines that are neither comments nor inside of docstrings nor imports, with their numbers. */
function* codeLines(text) {
  let isInside = false;
  for (const [index, code] of text.split("\n").entries()) {
    const marks = code.split('"""').length - 1;
    if (!isInside && marks === 0 && !/^\s*(#|import |from |@)/.test(code)) {
      yield [index + 1, code];
    }
    isInside = marks % 2 === 1 ? !isInside : isInside;
  }
}

function placeIn(line, code) {
  const indentation = code.length - code.trimStart().length;
  const length = code.trimEnd().length - indentation;
  if (length < LEAST_CODE) {
    return [];
  }
  const from = indentation + Math.floor(length / 3);
  const found = /(?<=[ (.[])[a-z](?=[a-z])/.exec(code.slice(from));
  const index = from + (found?.index ?? 0);
  return found ? [{ line, column: index + 1, key: code[index], next: code[index + 1] }] : [];
}

function inStrides(list) {
  const order = [];
  for (let start = 0; start < STRIDE; start += 1) {
    for (let index = start; index < list.length; index += STRIDE) {
      order.push(list[index]);
    }
  }
  return order;
}
