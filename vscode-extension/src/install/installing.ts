// The steps of an installation, run one after the other. No editor in here.
import type { RunProgram } from "../programs";
import { adviceFor } from "./advice";
import { removeFolder, type Environments } from "./environments";
import { planInstall, versionOfWheel, type InstallRequest, type InstallStep } from "./plan";

const STEP_TIMEOUT_MS = 60 * 60 * 1_000; // torch over a slow line
const MOST_LINES_QUOTED = 3;
const MOST_CHARACTERS_SHOWN = 60;

/** Where an installation is. */
export interface Stage {
  readonly step: InstallStep;
  /** Counted from 1. */
  readonly number: number;
  readonly count: number;
}

/** Who is told how an installation goes. */
export interface InstallListener {
  onStage(stage: Stage): void;
  onLine(line: string, stage: Stage): void;
}

/** What is being done, in one line, with what the program of the step says, if it says anything. */
export function describeStage({ step, number, count }: Stage, line = ""): string {
  const said = line.trim().slice(0, MOST_CHARACTERS_SHOWN);
  const place = `${String(number)} of ${String(count)}`;
  return `${place}, ${step.title}${said === "" ? "" : `: ${said}`}`;
}

/**
 * Install the server and use it from now on.
 *
 * Rejects where a step fails or is stopped; then the new folder is gone, and what was in use
 * before stays in use.
 */
export async function install(
  request: InstallRequest,
  environments: Environments,
  run: RunProgram,
  listener: InstallListener,
  signal: AbortSignal,
): Promise<void> {
  try {
    await runSteps(planInstall(request), request.wheelFolder, run, listener, signal);
  } catch (error) {
    removeFolder(request.folder);
    throw error;
  }
  environments.use({ folder: request.folder, version: versionOfWheel(request.wheel) ?? "" });
}

/** Run all steps. Rejects at the first that fails, with what it said last and what to do. */
export async function runSteps(
  steps: readonly InstallStep[],
  wheelFolder: string | undefined,
  run: RunProgram,
  listener: InstallListener,
  signal: AbortSignal,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    refuseIfStopped(signal);
    const stage = { step, number: index + 1, count: steps.length };
    listener.onStage(stage);
    const ended = await run(step.command, step.args, {
      timeoutMs: STEP_TIMEOUT_MS,
      onLine: (line) => {
        listener.onLine(line, stage);
      },
      signal,
    });
    refuseIfStopped(signal);
    if (ended.code !== 0) {
      // Where there is an error stream it has the errors; the other has much else.
      const said = (ended.stderr.trim() === "" ? ended.stdout : ended.stderr).trim();
      const advice = adviceFor(said, wheelFolder);
      throw new Error(
        `${step.title} failed with exit code ${String(ended.code)}: ${lastLines(said)} — ${advice}`,
      );
    }
  }
}

function lastLines(said: string): string {
  return said.split(/\r?\n/).slice(-MOST_LINES_QUOTED).join(" ").trim();
}

function refuseIfStopped(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new Error("The installation was stopped; nothing was changed.");
  }
}
