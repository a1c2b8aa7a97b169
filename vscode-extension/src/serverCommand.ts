// Which program to start as the server. No editor in here, so that it can be tested alone.
import * as path from "node:path";

/** What the search may look at. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly searchPath: string;
  /** The program in the environment that the extension has installed, if it has. */
  readonly installed?: string | undefined;
  isExecutable(file: string): boolean;
}

const EXAMPLES: Partial<Record<NodeJS.Platform, string>> = {
  win32: "C:\\path\\to\\warmline\\.venv\\Scripts\\warmline.exe",
};

/** Either an absolute path, or one sentence that says what to do. */
export type ServerCommand = { readonly command: string } | { readonly problem: string };

/** Find the server: the configured path, else the search path, else what was installed. */
export function findServerCommand(
  configuredPath: string,
  surroundings: Surroundings,
): ServerCommand {
  return configuredPath === ""
    ? searchServerCommand(surroundings)
    : checkServerCommand(configuredPath, surroundings);
}

function checkServerCommand(configuredPath: string, surroundings: Surroundings): ServerCommand {
  if (!pathRules(surroundings.platform).isAbsolute(configuredPath)) {
    return {
      problem: `The setting warmline.serverPath is "${configuredPath}", which is not an absolute path: give it from the root, or leave it empty to search PATH.`,
    };
  }
  if (surroundings.platform === "win32" && /\.(cmd|bat|ps1)$/i.test(configuredPath)) {
    return {
      problem: `The setting warmline.serverPath names "${configuredPath}", a script, which cannot be started without a shell: name the warmline.exe that it starts.`,
    };
  }
  if (!surroundings.isExecutable(configuredPath)) {
    return {
      problem: `The setting warmline.serverPath names "${configuredPath}", which is not a program that can be started: install Warmline there, or correct the setting.`,
    };
  }
  return { command: configuredPath };
}

function searchServerCommand(surroundings: Surroundings): ServerCommand {
  const { platform, searchPath, installed } = surroundings;
  const name = programName("warmline", platform);
  const found = programsOnPath([name], searchPath, platform).find((file) =>
    surroundings.isExecutable(file),
  );
  if (found !== undefined) {
    return { command: found };
  }
  if (installed !== undefined && surroundings.isExecutable(installed)) {
    return { command: installed };
  }
  return {
    problem: `No program named ${name} was found on PATH: install the server, or set warmline.serverPath to where it is, such as ${EXAMPLES[platform] ?? "/path/to/warmline/.venv/bin/warmline"}.`,
  };
}

/** Every place of the search path where one of some programs may be, in its order. */
export function programsOnPath(
  names: readonly string[],
  searchPath: string,
  platform: NodeJS.Platform,
): string[] {
  const rules = pathRules(platform);
  // Relative entries are skipped: they would start a program out of the open folder.
  return searchPath
    .split(rules.delimiter)
    .filter((folder) => rules.isAbsolute(folder))
    .flatMap((folder) => names.map((name) => rules.join(folder, name)));
}

/** The file name of a program. */
export function programName(name: string, platform: NodeJS.Platform): string {
  return platform === "win32" ? `${name}.exe` : name;
}

export function pathRules(platform: NodeJS.Platform): path.PlatformPath {
  return platform === "win32" ? path.win32 : path.posix;
}
