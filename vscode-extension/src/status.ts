// What the server says about itself, as text for people. No editor in here.

const STATUS_KINDS = ["Normal", "Error", "Warning", "Inactive"] as const;

export type StatusKind = (typeof STATUS_KINDS)[number];

/** The parameters of the server's `didChangeStatus` notification. */
export interface ServerStatus {
  readonly busy: boolean;
  readonly kind: StatusKind;
  readonly message: string;
}

/** A status as the status bar shows it. */
export interface StatusView {
  readonly text: string;
  readonly tooltip: string;
}

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

/** The status bar's text, with an icon, and its tooltip. */
export function viewStatus(status: ServerStatus): StatusView {
  const headline = status.message === "" ? DEFAULT_MESSAGES[status.kind] : status.message;
  return { text: `$(${iconFor(status)}) Warmline`, tooltip: `Warmline: ${headline}` };
}

const DEFAULT_MESSAGES: Record<StatusKind, string> = {
  Normal: "ready",
  Error: "not working; see the log",
  Warning: "working, with a warning; see the log",
  Inactive: "suggestions are off",
};

function iconFor(status: ServerStatus): string {
  if (status.kind === "Error") {
    return "error";
  }
  if (status.busy) {
    return "loading~spin";
  }
  return { Normal: "zap", Warning: "warning", Inactive: "circle-slash" }[status.kind];
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
