// What the server says about itself, as text for people. No editor in here.

const STATUS_KINDS = ["Normal", "Error", "Warning", "Inactive"] as const;

export type StatusKind = (typeof STATUS_KINDS)[number];

/** The parameters of the server's `didChangeStatus` notification. */
export interface ServerStatus {
  readonly busy: boolean;
  readonly kind: StatusKind;
  readonly message: string;
}

/** All that the status bar shows. */
export interface Situation {
  readonly server: ServerStatus;
  /** How much of the model is loaded, while it is. */
  readonly loadedPercent?: number | undefined;
  /** Why the file in front gets no suggestions, if it gets none. */
  readonly offReason?: string | undefined;
}

/** A situation as the status bar shows it; a click runs the command. */
export interface StatusView {
  readonly text: string;
  readonly tooltip: string;
  readonly command: string;
}

/** What each state is called in the status bar's tooltip, see README.md. */
export const STATE_TEXTS = {
  loading: "loading",
  thinking: "thinking",
  ready: "ready",
  off: "suggestions are off",
  offHere: "off for this file",
  warning: "working, with a warning",
  error: "not working",
} as const;

type State = keyof typeof STATE_TEXTS;

const ICONS: Record<State, string> = {
  loading: "loading~spin",
  thinking: "loading~spin",
  ready: "zap",
  off: "circle-slash",
  offHere: "circle-slash",
  warning: "warning",
  error: "error",
};

/** Read what came over the wire; undefined when it is not a status. */
export function parseServerStatus(value: unknown): ServerStatus | undefined {
  if (typeof value !== "object" || value === null) {
    return undefined;
  }
  const { busy, kind, message } = value as Record<string, unknown>;
  const knownKind = STATUS_KINDS.find((candidate) => candidate === kind);
  if (knownKind === undefined) {
    return undefined;
  }
  return {
    busy: busy === true,
    kind: knownKind,
    message: typeof message === "string" ? message : "",
  };
}

/** The status bar's text, with an icon, its tooltip, and what a click does. */
export function viewStatus(situation: Situation): StatusView {
  const state = stateOf(situation);
  const detail = detailOf(situation, state);
  const advice = state === "error" ? " Click to show the log." : "";
  return {
    text: `$(${ICONS[state]}) Warmline${percentOf(situation, state)}`,
    tooltip: `Warmline: ${STATE_TEXTS[state]}${detail === "" ? "" : `. ${detail}`}${advice}`,
    command: state === "error" ? "warmline.showLog" : "warmline.showStatus",
  };
}

function detailOf({ server, offReason }: Situation, state: State): string {
  switch (state) {
    case "off":
      return ""; // the server says no more than the state does
    case "offHere":
      return offReason ?? "";
    default:
      return server.message;
  }
}

function stateOf({ server, loadedPercent, offReason }: Situation): State {
  if (server.kind === "Error") {
    return "error";
  }
  if (server.kind === "Inactive") {
    return "off";
  }
  // The server has a message while it loads, and none while it writes a suggestion.
  if (loadedPercent !== undefined || (server.busy && server.message !== "")) {
    return "loading";
  }
  if (offReason !== undefined) {
    return "offHere";
  }
  if (server.busy) {
    return "thinking";
  }
  return server.kind === "Warning" ? "warning" : "ready";
}

function percentOf({ loadedPercent }: Situation, state: State): string {
  return state === "loading" && loadedPercent !== undefined ? ` ${loadedPercent.toFixed(0)}%` : "";
}

const OFF_REASONS = [
  "disabled",
  "document-too-large",
  "ignored-file",
  "language-off",
  "path-off",
  "private-file",
];

/** Why a file gets no suggestions at all, from the answer to `warmline/lastSuggestion`. */
export function offReasonIn(answer: unknown): string | undefined {
  if (typeof answer !== "object" || answer === null) {
    return undefined;
  }
  const { reason, detail } = answer as Record<string, unknown>;
  const isOff = typeof reason === "string" && OFF_REASONS.includes(reason);
  return isOff && typeof detail === "string" ? detail : undefined;
}

/** The answer to `warmline/status`, one line per value, deeper values indented. */
export function listStatus(value: unknown, indent = ""): string[] {
  if (typeof value !== "object" || value === null) {
    return [`${indent}${String(value)}`];
  }
  return Object.entries(value).flatMap(([name, entry]: [string, unknown]) =>
    typeof entry === "object" && entry !== null
      ? [`${indent}${name}:`, ...listStatus(entry, `${indent}  `)]
      : [`${indent}${name}: ${String(entry)}`],
  );
}
