// What the Live Cache view shows. No editor in here.
import { counted, inBytes, inDigits, inTime } from "../text";
import { countStates, TOKEN_STATES, type CacheMap, type TokenState } from "./cacheMap";
import { key, strip } from "./drawing";
import { html, NOTHING, type Html } from "./html";

const MEANINGS: Record<TokenState, string> = {
  exact: "equal to reading all of it anew",
  kept: "stayed in place, read before the last edits",
  moved: "moved by an edit, keys rotated to the new position",
  encoded: "newly read by the model",
};

// Higher for more work, so that the picture can be read without colours.
const HEIGHTS: Record<TokenState, number> = { exact: 0.25, kept: 0.45, moved: 0.7, encoded: 1 };

/** The cache of a document, or why there is none. */
export function cacheContent(document: string, cache: CacheMap | string): Html {
  const title = html`<h1>Live cache</h1>
    <p class="quiet">${document}</p>`;
  if (typeof cache === "string") {
    return html`${title}
      <p role="status">${cache}</p>`;
  }
  const counts = countStates(cache.runs);
  return html`${title} ${lastEdit(cache)} ${picture(cache, counts)} ${legend(cache, counts)}
    <p class="quiet">
      ${counted(cache.tokens, "token")} in ${inBytes(cache.bytes)}; the first
      ${inDigits(cache.exactPrefix)} are exact. The gutter of the editor has the same colours.
    </p>`;
}

function lastEdit(cache: CacheMap): Html {
  if (cache.lastSync === undefined) {
    return NOTHING;
  }
  const { ms, kept, moved, encoded } = cache.lastSync;
  return html`<div class="figures" role="status">
    ${figure(inTime(ms), "the last edit took")} ${figure(inDigits(encoded), "tokens read anew")}
    ${figure(inDigits(moved), "tokens moved")} ${figure(inDigits(kept), "tokens stayed")}
  </div>`;
}

function figure(value: string, name: string): Html {
  return html`<div><strong>${value}</strong><span class="quiet">${name}</span></div>`;
}

function picture(cache: CacheMap, counts: Record<TokenState, number>): Html {
  const parts = cache.runs.map((run) => ({
    style: run.state,
    size: run.tokens,
    height: HEIGHTS[run.state],
  }));
  const told = TOKEN_STATES.map((state) => `${inDigits(counts[state])} ${state}`).join(", ");
  return strip(parts, `The prompt from front to back: ${told}.`);
}

function legend(cache: CacheMap, counts: Record<TokenState, number>): Html {
  const rows = TOKEN_STATES.map(
    (state) =>
      html`<tr>
        <td>${key(state)}${state}</td>
        <td class="number">${inDigits(counts[state])}</td>
        <td class="number">${shareOf(counts[state], cache.tokens)}</td>
        <td class="quiet">${MEANINGS[state]}</td>
      </tr>`,
  );
  return html`<h2>Tokens by state</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">state</th>
          <th scope="col" class="number">tokens</th>
          <th scope="col" class="number">share</th>
          <th scope="col">meaning</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`;
}

function shareOf(count: number, total: number): string {
  return total === 0 ? "" : `${((100 * count) / total).toFixed(count === total ? 0 : 1)}%`;
}
