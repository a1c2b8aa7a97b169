// What has to be run to install the server. No editor in here, and nothing is run here.
import { existsSync, readdirSync } from "node:fs";
import * as path from "node:path";
import { pathRules, programName } from "../serverCommand";
import type { TorchBuild } from "./torch";

/** What to install, and where. */
export interface InstallRequest {
  readonly platform: NodeJS.Platform;
  readonly torch: TorchBuild;
  /** The Python to make the environment with. */
  readonly interpreter: string;
  /** The new environment; it must not be there. */
  readonly folder: string;
  /** Warmline's own wheel. */
  readonly wheel: string;
  /** A file with exact versions of all packages, if there is one. */
  readonly constraints?: string | undefined;
  /** A folder with the wheels of all packages, to do without any network. */
  readonly wheelFolder?: string | undefined;
}

/** One program to run, and what it does, for people. */
export interface InstallStep {
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** Printed by the new environment's Python: the build of torch, and whether it sees a GPU. */
const TORCH_QUESTION =
  "import torch; print('torch', torch.__version__, " +
  "'with CUDA' if torch.cuda.is_available() else 'on processors')";

/** The programs to run, in order; each only after the one before has succeeded. */
export function planInstall(request: InstallRequest): InstallStep[] {
  const { folder, platform, torch, wheelFolder } = request;
  const python = environmentProgram(folder, "python", platform);
  // From a folder comes the build that its owner has put there.
  const title = wheelFolder === undefined ? torch.title : `torch out of ${wheelFolder}`;
  const options = wheelFolder === undefined ? torch.pipOptions : [];
  // Isolated (-I), for a Python that is given a module by name looks into the open folder first.
  const install = (title: string, what: readonly string[]): InstallStep => ({
    title,
    command: python,
    args: ["-I", "-m", "pip", "install", ...pipOptions(request), ...what],
  });
  return [
    {
      title: "Making an environment",
      command: request.interpreter,
      args: ["-I", "-m", "venv", folder],
    },
    install(`Installing ${title}`, [...options, "torch"]),
    install("Installing Warmline", [request.wheel]),
    { title: "Trying torch", command: python, args: ["-I", "-c", TORCH_QUESTION] },
    {
      title: "Trying the server",
      command: environmentProgram(folder, "warmline", platform),
      args: ["--version"],
    },
  ];
}

/** Where an environment keeps a program. */
export function environmentProgram(
  folder: string,
  name: string,
  platform: NodeJS.Platform,
): string {
  const programs = platform === "win32" ? "Scripts" : "bin";
  return pathRules(platform).join(folder, programs, programName(name, platform));
}

function pipOptions({ constraints, wheelFolder }: InstallRequest): string[] {
  return [
    "--disable-pip-version-check",
    "--no-input",
    "--no-user", // where pip is told by its own settings to install for the user
    "--progress-bar",
    "off",
    ...(constraints === undefined ? [] : ["--constraint", constraints]),
    ...(wheelFolder === undefined ? [] : ["--no-index", "--find-links", wheelFolder]),
  ];
}

/** The version in a wheel's file name; undefined when it is not a wheel of Warmline. */
export function versionOfWheel(file: string): string | undefined {
  return /(?:^|[\\/])warmline-([^-\\/]+)-[^\\/]+\.whl$/.exec(file)?.[1];
}

/** The newest of Warmline's wheels in a folder; undefined where there is none. */
export function wheelIn(folder: string): string | undefined {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const byVersion = new Intl.Collator("en", { numeric: true });
  const newest = names
    .filter((name) => versionOfWheel(name))
    .toSorted(byVersion.compare)
    .at(-1);
  return newest && path.join(folder, newest);
}
