// The answers to `warmline/explain` and `warmline/lastSuggestion`, read. No editor in here.
import {
  asNumber,
  asNumberOrNone,
  asObject,
  asText,
  isObject,
  objectsIn,
  textsIn,
  type JsonObject,
} from "../json";

/** A piece of a file that was considered. Its line counts from 1. */
export interface Chunk {
  readonly path: string;
  readonly line: number;
  readonly numLines: number;
  readonly origin: string;
  readonly score: number;
  readonly gain: number;
  readonly lexicalScore: number | undefined;
  readonly encoderScore: number | undefined;
  readonly tokens: number;
  readonly isCut: boolean;
  readonly leftOut: string;
  readonly text: string;
}

/** A time, and what it was spent on. */
export interface Span {
  readonly name: string;
  readonly ms: number;
}

/** What a suggestion at a place is made from. */
export interface Explanation {
  readonly model: string;
  readonly note: string;
  readonly chunks: readonly Chunk[];
  readonly leftOut: readonly Chunk[];
  readonly contextTokens: number;
  readonly budgetTokens: number;
  readonly promptTokens: number;
  readonly parts: readonly { readonly kind: string; readonly tokens: number }[];
  readonly name: AllowedNames | undefined;
  readonly spans: readonly Span[];
}

/** What analysis says may stand at the cursor. */
export interface AllowedNames {
  readonly kind: string;
  readonly receiver: string;
  readonly names: readonly string[];
  readonly analyser: string;
  readonly reason: string;
}

/** A name that was written and taken back. */
export interface Veto {
  readonly kind: string;
  readonly receiver: string;
  readonly name: string;
  readonly instead: string;
  readonly analyser: string;
  readonly ms: number;
}

/** The latest suggestion for a document. */
export interface LastSuggestion {
  readonly text: string;
  readonly confidence: number | undefined;
  readonly origin: string;
  readonly detail: string;
  readonly vetoes: readonly Veto[];
  readonly notes: readonly string[];
  readonly spans: readonly Span[];
}

export function parseExplanation(value: unknown): Explanation | undefined {
  if (!isObject(value)) {
    return undefined;
  }
  const timings = asObject(value["timings"]);
  return {
    model: asText(value["model"]),
    note: asText(value["note"]),
    chunks: objectsIn(value["chunks"]).map(parseChunk),
    leftOut: objectsIn(value["left_out"]).map(parseChunk),
    contextTokens: asNumber(value["context_tokens"]),
    budgetTokens: asNumber(value["budget_tokens"]),
    promptTokens: asNumber(value["prompt_tokens"]),
    parts: objectsIn(value["prompt"]).map((part) => ({
      kind: asText(part["kind"]),
      tokens: asNumber(part["tokens"]),
    })),
    name: parseNames(value["name"]),
    spans: spansOf(timings, {
      lexical_ms: "search by words",
      encoder_ms: "search by meaning",
      search_ms: "search in all",
      prompt_ms: "laying out the prompt",
    }),
  };
}

export function parseLastSuggestion(value: unknown): LastSuggestion | undefined {
  if (!isObject(value)) {
    return undefined;
  }
  const monitors = asObject(value["monitors"]);
  const times = { ...asObject(value["timings"]), waited_ms: monitors["waited_ms"] };
  return {
    text: asText(value["text"]),
    confidence: asNumberOrNone(objectsIn(value["candidates"])[0]?.["confidence"]),
    origin: asText(value["origin"]),
    detail: asText(value["detail"]),
    vetoes: objectsIn(monitors["vetoes"]).map(parseVeto),
    notes: textsIn(monitors["notes"]),
    spans: spansOf(times, {
      sync_ms: "correcting the cache",
      first_token_ms: "up to the first token",
      waited_ms: "waiting for analysis",
      total_ms: "the suggestion in all",
    }),
  };
}

function parseChunk(chunk: JsonObject): Chunk {
  return {
    path: asText(chunk["path"]),
    line: Math.max(1, asNumber(chunk["line"])),
    numLines: asNumber(chunk["num_lines"]),
    origin: asText(chunk["origin"]),
    score: asNumber(chunk["score"]),
    gain: asNumber(chunk["gain"]),
    lexicalScore: asNumberOrNone(chunk["lexical_score"]),
    encoderScore: asNumberOrNone(chunk["encoder_score"]),
    tokens: asNumber(chunk["tokens"]),
    isCut: chunk["is_cut"] === true,
    leftOut: asText(chunk["left_out"]),
    text: asText(chunk["text"]),
  };
}

function parseNames(value: unknown): AllowedNames | undefined {
  if (!isObject(value)) {
    return undefined;
  }
  return {
    kind: asText(value["kind"]),
    receiver: asText(value["receiver"]),
    names: textsIn(value["names"]),
    analyser: asText(value["analyser"]),
    reason: asText(value["reason"]),
  };
}

function parseVeto(veto: JsonObject): Veto {
  return {
    kind: asText(veto["kind"]),
    receiver: asText(veto["receiver"]),
    name: asText(veto["name"]),
    instead: asText(veto["instead"]),
    analyser: asText(veto["analyser"]),
    ms: asNumber(veto["took_ms"]),
  };
}

/** The times that are there, under the names that people read. */
function spansOf(times: JsonObject, names: Record<string, string>): Span[] {
  return Object.entries(names).flatMap(([field, name]) => {
    const ms = asNumberOrNone(times[field]);
    return ms === undefined ? [] : [{ name, ms }];
  });
}
