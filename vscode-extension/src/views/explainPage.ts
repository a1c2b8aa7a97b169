// What the Explain view shows. No editor in here.
import { counted, inDigits, inTime } from "../text";
import { bar, key, strip } from "./drawing";
import type { AllowedNames, Chunk, Explanation, LastSuggestion, Span, Veto } from "./explanation";
import { html, NOTHING, type Html } from "./html";

const MOST_NAMES = 60;
const ORIGINS: Record<string, string> = {
  model: "written by the model for this place",
  typed_along: "the rest of a suggestion that you type along",
  prepared: "written while the suggestion before it was shown",
};

/** What a button with the number of its place in the list leads to. */
export function placesOf(explanation: Explanation): readonly Chunk[] {
  return [...explanation.chunks, ...explanation.leftOut];
}

/** What the suggestion at a place is made from, or why that is not known. */
export function explainContent(
  place: string,
  explanation: Explanation | string,
  suggestion: LastSuggestion | undefined,
): Html {
  const title = html`<h1>Explain</h1>
    <p class="quiet">${place}</p>`;
  if (typeof explanation === "string") {
    return html`${title}
      <p role="status">${explanation}</p>`;
  }
  return html`${title} ${suggestionPart(suggestion)} ${chunksPart(explanation)}
  ${vetoesPart(suggestion)} ${namesPart(explanation.name)}
  ${timesPart([...explanation.spans, ...(suggestion?.spans ?? [])])} ${promptPart(explanation)}
  ${leftOutPart(explanation)}`;
}

function suggestionPart(suggestion: LastSuggestion | undefined): Html {
  if (suggestion === undefined) {
    return html`<p>No suggestion was made here yet.</p>`;
  }
  if (suggestion.text === "") {
    return html`<h2>No suggestion</h2>
      <p>${suggestion.detail}</p>`;
  }
  const sure = suggestion.confidence;
  const likely =
    sure === undefined
      ? ""
      : `; its first line is right with ${(100 * sure).toFixed(0)}% likelihood`;
  return html`<h2>The latest suggestion</h2>
    <pre>${suggestion.text}</pre>
    <p class="quiet">${ORIGINS[suggestion.origin] ?? suggestion.origin}${likely}</p>`;
}

function chunksPart(explanation: Explanation): Html {
  const { chunks, contextTokens, budgetTokens, note } = explanation;
  // The server lists them as they stand in the prompt, the best last.
  const rows = chunks.map((chunk, index) => chunkRow(chunk, index)).reverse();
  const table = html`<table>
    <thead>
      <tr>
        <th scope="col">helps</th>
        <th scope="col">code</th>
        <th scope="col" class="number">score</th>
        <th scope="col" class="number">words</th>
        <th scope="col" class="number">meaning</th>
        <th scope="col" class="number">tokens</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
  return html`<h2>From other files, in the prompt</h2>
    ${note === "" ? NOTHING : html`<p>${note}</p>`}
    ${chunks.length === 0 ? html`<p>Nothing of other files is in the prompt.</p>` : table}
    <p class="quiet">
      ${inDigits(contextTokens)} of ${counted(budgetTokens, "token")} that they may take.
    </p>`;
}

function chunkRow(chunk: Chunk, index: number): Html {
  return html`<tr>
    <td>${bar(chunk.gain)}</td>
    <td>
      ${placeButton(chunk, index)}
      <span class="quiet">${chunk.origin}${chunk.isCut ? ", cut" : ""}</span>
      <details>
        <summary>${counted(chunk.numLines, "line")}</summary>
        <pre>${chunk.text}</pre>
      </details>
    </td>
    <td class="number">${chunk.score.toFixed(2)}</td>
    <td class="number">${scoreText(chunk.lexicalScore)}</td>
    <td class="number">${scoreText(chunk.encoderScore)}</td>
    <td class="number">${inDigits(chunk.tokens)}</td>
  </tr>`;
}

function placeButton(chunk: Chunk, index: number): Html {
  const last = chunk.line + Math.max(1, chunk.numLines) - 1;
  return html`<button data-place="${index}">${chunk.path}:${chunk.line}-${last}</button>`;
}

function scoreText(score: number | undefined): string {
  return score === undefined ? "" : score.toFixed(2);
}

function leftOutPart({ chunks, leftOut }: Explanation): Html {
  if (leftOut.length === 0) {
    return NOTHING;
  }
  const rows = leftOut.map(
    (chunk, index) =>
      html`<tr>
        <td>${placeButton(chunk, chunks.length + index)}</td>
        <td class="number">${chunk.score.toFixed(2)}</td>
        <td>${chunk.leftOut}</td>
      </tr>`,
  );
  return html`<h2>Left out</h2>
    <details>
      <summary>${counted(leftOut.length, "piece")} considered and left out</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">code</th>
            <th scope="col" class="number">score</th>
            <th scope="col">because</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </details>`;
}

function vetoesPart(suggestion: LastSuggestion | undefined): Html {
  const vetoes = suggestion?.vetoes ?? [];
  const notes = (suggestion?.notes ?? []).map((note) => html`<p class="quiet">${note}</p>`);
  if (vetoes.length === 0) {
    return html`<h2>Names taken back</h2>
      <p>None.</p>
      ${notes}`;
  }
  return html`<h2>Names taken back</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">written</th>
          <th scope="col">instead</th>
          <th scope="col">because</th>
          <th scope="col" class="number">took</th>
        </tr>
      </thead>
      <tbody>
        ${vetoes.map(vetoRow)}
      </tbody>
    </table>
    ${notes}`;
}

function vetoRow(veto: Veto): Html {
  const because =
    veto.receiver === ""
      ? `${veto.analyser} knows no such ${veto.kind}`
      : `${veto.analyser} knows no such ${veto.kind} of ${veto.receiver}`;
  return html`<tr>
    <td>
      <code><del>${veto.name}</del></code>
    </td>
    <td><code>${veto.instead}</code></td>
    <td>${because}</td>
    <td class="number">${inTime(veto.ms)}</td>
  </tr>`;
}

function namesPart(name: AllowedNames | undefined): Html {
  if (name === undefined) {
    return NOTHING;
  }
  const what = name.receiver === "" ? name.kind : `${name.kind} of ${name.receiver}`;
  if (name.names.length === 0) {
    return html`<h2>At the cursor</h2>
      <p>A ${what}: anything may stand here. ${name.reason}</p>`;
  }
  const more = name.names.length - MOST_NAMES;
  return html`<h2>At the cursor</h2>
    <p>
      A ${what}: <code>${name.names.slice(0, MOST_NAMES).join(", ")}</code>${
        more > 0 ? ` and ${inDigits(more)} more` : ""
      },
      says ${name.analyser}.
    </p>`;
}

function timesPart(spans: readonly Span[]): Html {
  const longest = Math.max(1, ...spans.map((span) => span.ms));
  const rows = spans.map(
    (span) =>
      html`<tr>
        <th scope="row">${span.name}</th>
        <td class="number">${inTime(span.ms)}</td>
        <td>${bar(span.ms / longest)}</td>
      </tr>`,
  );
  return html`<h2>Times</h2>
    <table>
      <tbody>
        ${rows}
      </tbody>
    </table>`;
}

const PART_NAMES: Record<string, string> = {
  repository: "repository and path",
  chunk: "other files",
  before: "before the cursor",
  after: "after the cursor",
  marker: "markers",
};

function promptPart({ parts, promptTokens, model }: Explanation): Html {
  const kindOf = (kind: string): string => (kind === "path" ? "repository" : kind);
  const told = Object.entries(PART_NAMES).map(([kind, name]) => {
    const ofKind = parts.filter((part) => kindOf(part.kind) === kind);
    return { kind, name, tokens: ofKind.reduce((sum, part) => sum + part.tokens, 0) };
  });
  const label = told.map(({ name, tokens }) => `${inDigits(tokens)} ${name}`).join(", ");
  const drawn = parts.map(({ kind, tokens }) => ({ style: kindOf(kind), size: tokens, height: 1 }));
  const legend = told.map(
    ({ kind, name, tokens }) =>
      html`<div>
        <span>${key(kind)}${name}</span><span class="quiet">${counted(tokens, "token")}</span>
      </div>`,
  );
  return html`<h2>The prompt from front to back</h2>
    ${strip(drawn, `${counted(promptTokens, "token")}: ${label}.`)}
    <div class="figures">${legend}</div>
    <p class="quiet">${counted(promptTokens, "token")}, read by ${model}.</p>`;
}
