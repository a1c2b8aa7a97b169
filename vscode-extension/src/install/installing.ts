// The steps of an installation, run one after the other. No editor in here.
import type { RunProgram } from "../programs";
import type { InstallStep } from "./plan";

const STEP_TIMEOUT_MS = 60 * 60 * 1_000; // torch over a slow line
const MOST_LINES_QUOTED = 5;

/** Who is told how an installation goes. */
export interface InstallListener {
  onStep(step: InstallStep): void;
  onLine(line: string): void;
}

/** Run all steps. Rejects with one sentence and the last lines at the first that fails. */
export async function runInstall(
  steps: readonly InstallStep[],
  run: RunProgram,
  listener: InstallListener,
  signal: AbortSignal,
): Promise<void> {
  for (const step of steps) {
    refuseIfStopped(signal);
    listener.onStep(step);
    const ended = await run(step.command, step.args, {
      timeoutMs: STEP_TIMEOUT_MS,
      onLine: (line) => {
        listener.onLine(line);
      },
      signal,
    });
    refuseIfStopped(signal);
    if (ended.code !== 0) {
      const said = ended.stderr.trim() === "" ? ended.stdout : ended.stderr;
      const quoted = said.trim().split(/\r?\n/).slice(-MOST_LINES_QUOTED).join("\n");
      throw new Error(`${step.title} failed with exit code ${String(ended.code)}: ${quoted}`);
    }
  }
}

function refuseIfStopped(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new Error("The installation was stopped; nothing was changed.");
  }
}
