// HTML in which all text is escaped by construction. No editor in here.

/** Markup: made by `html`, which has escaped what is in it, or a constant of ours. */
export class Html {
  constructor(readonly markup: string) {}
}

type Part = Html | string | number | readonly Html[];

/** A template whose values are escaped, save those that are markup already. */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const markup = pieces.map((piece, index) => {
    const part = parts[index];
    return part === undefined ? piece : piece + markupOf(part);
  });
  return new Html(markup.join(""));
}

/** No markup. */
export const NOTHING = new Html("");

function markupOf(part: Part): string {
  if (part instanceof Html) {
    return part.markup;
  }
  return typeof part === "object"
    ? part.map((each) => each.markup).join("")
    : escapeText(String(part));
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that stands for itself, between tags and in quoted attributes. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
