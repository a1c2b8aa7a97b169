// A live cache as the server describes it, and which lines of a document it is about.
import { asNumber, asObject, asText, isObject, objectsIn } from "../json";

/** What became of a token at the last change, from the least work to the most. */
export const TOKEN_STATES = ["exact", "kept", "moved", "encoded"] as const;

export type TokenState = (typeof TOKEN_STATES)[number];

/** Tokens in the same state and their text. */
export interface CacheRun {
  readonly state: TokenState;
  readonly tokens: number;
  readonly text: string;
}

/** The answer to `warmline/cache`. */
export interface CacheMap {
  readonly runs: readonly CacheRun[];
  readonly tokens: number;
  readonly exactPrefix: number;
  readonly bytes: number;
  readonly lastSync: SyncReport | undefined;
}

/** What the last change cost. */
export interface SyncReport {
  readonly kept: number;
  readonly moved: number;
  readonly encoded: number;
  readonly ms: number;
}

/** Read the answer; undefined when there is no cache. */
export function parseCacheMap(value: unknown): CacheMap | undefined {
  if (!isObject(value)) {
    return undefined;
  }
  return {
    runs: objectsIn(value["runs"]).map((run) => ({
      state: stateOf(asText(run["origin"]), run["is_exact"] === true),
      tokens: Math.max(0, asNumber(run["stop"]) - asNumber(run["start"])),
      text: asText(run["text"]),
    })),
    tokens: asNumber(value["num_tokens"]),
    exactPrefix: asNumber(value["exact_prefix"]),
    bytes: asNumber(value["bytes_used"]),
    lastSync: parseSync(value["last_sync"]),
  };
}

function parseSync(value: unknown): SyncReport | undefined {
  if (!isObject(value)) {
    return undefined;
  }
  const report = asObject(value);
  return {
    kept: asNumber(report["kept"]),
    moved: asNumber(report["moved"]),
    encoded: asNumber(report["encoded"]),
    ms: asNumber(report["sync_ms"]),
  };
}

function stateOf(origin: string, isExact: boolean): TokenState {
  if (origin === "encoded") {
    return "encoded";
  }
  if (isExact) {
    return "exact";
  }
  return origin === "moved" ? "moved" : "kept";
}

/** How many tokens are in each state. */
export function countStates(runs: readonly CacheRun[]): Record<TokenState, number> {
  const counts = { exact: 0, kept: 0, moved: 0, encoded: 0 };
  for (const run of runs) {
    counts[run.state] += run.tokens;
  }
  return counts;
}

/**
 * The state of each line of a document, the one that cost most where a line has several;
 * undefined for lines that are not in the cache.
 *
 * The text of a cache holds other things too, and may be a part of the document, without its
 * secrets and the word at the cursor. So the lines of both are laid over each other at the
 * distance at which most of them are the same.
 */
export function statesOfLines(
  runs: readonly CacheRun[],
  lines: readonly string[],
): (TokenState | undefined)[] {
  const cached = linesOf(documentPart(runs));
  const distance = commonDistance(cached, lines);
  return lines.map((_, index) =>
    distance === undefined ? undefined : cached[index - distance]?.state,
  );
}

interface CachedLine {
  readonly text: string;
  readonly state: TokenState | undefined;
}

/** How control tokens of all families look; a cache has them around the document's parts. */
const MARKER =
  /<[|｜][^<>|｜\n]{1,40}[|｜]>|<(?:fim_\w+|repo_name|file_sep|filename|reponame)>|▁?<(?:PRE|SUF|MID|EOT)>/g;
const PREFIX_MARKER = /<[|｜]fim[_▁](?:prefix|begin)[|｜]>|<fim_prefix>|▁?<PRE>|<\|code_prefix\|>/;

/** The runs from the text before the cursor on, without control tokens. */
function documentPart(runs: readonly CacheRun[]): CacheRun[] {
  const first = runs.findLastIndex((run) => PREFIX_MARKER.test(run.text));
  return runs.slice(Math.max(0, first)).map((run, index) => {
    const text = index === 0 ? (run.text.split(PREFIX_MARKER).at(-1) ?? "") : run.text;
    return { ...run, text: text.replace(MARKER, "") };
  });
}

function linesOf(runs: readonly CacheRun[]): CachedLine[] {
  const lines: CachedLine[] = [];
  let text = "";
  let state: TokenState | undefined;
  for (const run of runs) {
    run.text.split("\n").forEach((piece, index) => {
      if (index > 0) {
        lines.push({ text: text.trimEnd(), state });
        [text, state] = ["", undefined];
      }
      if (piece !== "") {
        text += piece;
        state = costlier(state, run.state);
      }
    });
  }
  return [...lines, { text: text.trimEnd(), state }];
}

function costlier(one: TokenState | undefined, other: TokenState): TokenState {
  const isMore = one !== undefined && TOKEN_STATES.indexOf(one) > TOKEN_STATES.indexOf(other);
  return isMore ? one : other;
}

/** How many lines of the document come before the first cached one; undefined when none fits. */
function commonDistance(
  cached: readonly CachedLine[],
  lines: readonly string[],
): number | undefined {
  const places = placesOfTexts(lines);
  const votes = new Map<number, number>();
  cached.forEach((line, index) => {
    const found = places.get(line.text) ?? [];
    // A line that is there once says more about the distance than one that is everywhere.
    for (const place of found) {
      votes.set(place - index, (votes.get(place - index) ?? 0) + 1 / found.length);
    }
  });
  const best = [...votes].reduce<[number, number] | undefined>(
    (most, vote) => (most === undefined || vote[1] > most[1] ? vote : most),
    undefined,
  );
  return best?.[0];
}

const MOST_PLACES = 50;

function placesOfTexts(lines: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  lines.forEach((line, index) => {
    const text = line.trimEnd();
    const found = places.get(text) ?? [];
    if (text !== "" && found.length < MOST_PLACES) {
      places.set(text, [...found, index]);
    }
  });
  return places;
}
