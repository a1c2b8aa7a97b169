// Pythons on this machine that the server can run with. No editor in here.
import type { RunProgram } from "../programs";
import { pathRules, programName, programsOnPath } from "../serverCommand";

const OLDEST = [3, 11] as const;
const ANSWER_TIMEOUT_MS = 10_000;
/** Where Pythons are too: an editor that is not started in a terminal may not be told of them. */
const MORE_FOLDERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: [
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/Library/Frameworks/Python.framework/Versions/Current/bin",
  ],
};
const NAMES = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];

/** What an interpreter says of itself when it is asked by `interpreterQuestion`. */
export interface Interpreter {
  readonly command: string;
  readonly version: string;
}

/** Either a usable interpreter, or one sentence that says why it is none. */
export type JudgedInterpreter =
  { readonly interpreter: Interpreter } | { readonly problem: string };

/** Printed by every Python: its version, whether it can make environments, and what it is for. */
export const INTERPRETER_QUESTION =
  "import importlib.util, platform, struct, sys; print(*sys.version_info[:3], " +
  "all(importlib.util.find_spec(name) for name in ('venv', 'ensurepip')), " +
  "struct.calcsize('P') * 8, sys.platform, platform.machine())";

/** Every place of the search path where a Python may be, newest versions first. */
export function interpreterPlaces(searchPath: string, platform: NodeJS.Platform): string[] {
  const path = [searchPath, ...(MORE_FOLDERS[platform] ?? [])].join(pathRules(platform).delimiter);
  // On Windows py.exe starts the newest Python, and is often the only one on the search path.
  const names = platform === "win32" ? [...NAMES, "py"] : NAMES;
  const places = names.flatMap((name) =>
    programsOnPath([programName(name, platform)], path, platform),
  );
  return [...new Set(places)].filter((place) => !isAskingForTools(place, platform));
}

/** On macOS Apple's own python3 may open a dialogue to install tools; besides, it is too old. */
function isAskingForTools(place: string, platform: NodeJS.Platform): boolean {
  return platform === "darwin" && place.startsWith("/usr/bin/");
}

/** Judge an interpreter by its answer. */
export function judgeInterpreter(command: string, answer: string): JudgedInterpreter {
  const [, major, minor, micro, canMakeEnvironments, bits, system, machine] =
    /^(\d+) (\d+) (\d+) (True|False) (\d+) (\S+) (\S+)\s*$/.exec(answer) ?? [];
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
  if (bits !== "64") {
    return { problem: `${command} is a Python of ${bits ?? ""} bits; torch needs one of 64.` };
  }
  if (system === "darwin" && machine !== "arm64") {
    return {
      problem: `${command} is a Python for Intel processors, for which there is no torch on macOS any more: choose one for Apple's processors.`,
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
