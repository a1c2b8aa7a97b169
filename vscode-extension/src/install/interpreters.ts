// Pythons on this machine that the server can run with. No editor in here.
import type { RunProgram } from "../programs";
import { programName, programsOnPath } from "../serverCommand";

const OLDEST = [3, 11] as const;
const ANSWER_TIMEOUT_MS = 10_000;
const NAMES = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];

/** What an interpreter says of itself when it is asked by `interpreterQuestion`. */
export interface Interpreter {
  readonly command: string;
  readonly version: string;
}

/** Either a usable interpreter, or one sentence that says why it is none. */
export type JudgedInterpreter =
  { readonly interpreter: Interpreter } | { readonly problem: string };

/** Printed by every Python: its version and whether it can make environments. */
export const INTERPRETER_QUESTION =
  "import importlib.util, sys; print(*sys.version_info[:3], " +
  "all(importlib.util.find_spec(name) for name in ('venv', 'ensurepip')))";

/** Every place of the search path where a Python may be, newest versions first. */
export function interpreterPlaces(searchPath: string, platform: NodeJS.Platform): string[] {
  return NAMES.flatMap((name) =>
    programsOnPath([programName(name, platform)], searchPath, platform),
  );
}

/** Judge an interpreter by its answer. */
export function judgeInterpreter(command: string, answer: string): JudgedInterpreter {
  const [, major, minor, micro, canMakeEnvironments] =
    /^(\d+) (\d+) (\d+) (True|False)\s*$/.exec(answer) ?? [];
  if (major === undefined || minor === undefined || micro === undefined) {
    return { problem: `${command} is not a Python: it answered "${answer.trim().slice(0, 80)}".` };
  }
  const version = `${major}.${minor}.${micro}`;
  if (Number(major) !== OLDEST[0] || Number(minor) < OLDEST[1]) {
    return { problem: `${command} is Python ${version}; Warmline needs 3.11 or newer.` };
  }
  if (canMakeEnvironments !== "True") {
    return {
      problem: `${command} cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt install python3-venv).`,
    };
  }
  return { interpreter: { command, version } };
}

/** Ask a program whether it is a Python that will do. */
export async function askInterpreter(command: string, run: RunProgram): Promise<JudgedInterpreter> {
  try {
    const args = ["-I", "-c", INTERPRETER_QUESTION];
    const { stdout } = await run(command, args, { timeoutMs: ANSWER_TIMEOUT_MS });
    return judgeInterpreter(command, stdout);
  } catch (error) {
    return { problem: `${command} could not be asked for its version: ${String(error)}` };
  }
}
