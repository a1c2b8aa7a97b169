// Which program to start as the server. No editor in here, so that it can be tested alone.
import * as path from "node:path";

/** What the search may look at. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly searchPath: string;
  isExecutable(file: string): boolean;
}

/** Either an absolute path, or one sentence that says what to do. */
export type ServerCommand = { readonly command: string } | { readonly problem: string };

/** Find the server: the configured path, else the first `warmline` on the search path. */
export function findServerCommand(
  configuredPath: string,
  surroundings: Surroundings,
): ServerCommand {
  return configuredPath === ""
    ? searchServerCommand(surroundings)
    : checkServerCommand(configuredPath, surroundings);
}

function checkServerCommand(configuredPath: string, surroundings: Surroundings): ServerCommand {
  if (!pathRules(surroundings).isAbsolute(configuredPath)) {
    return {
      problem: `The setting warmline.serverPath is "${configuredPath}", which is not an absolute path: give it from the root, or leave it empty to search PATH.`,
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
  const rules = pathRules(surroundings);
  const name = surroundings.platform === "win32" ? "warmline.exe" : "warmline";
  // Relative entries are skipped: they would start a program out of the open folder.
  const command = surroundings.searchPath
    .split(rules.delimiter)
    .filter((folder) => rules.isAbsolute(folder))
    .map((folder) => rules.join(folder, name))
    .find((file) => surroundings.isExecutable(file));
  if (command === undefined) {
    return {
      problem: `No program named ${name} was found on PATH: install Warmline, or set warmline.serverPath to where it is, such as /path/to/warmline/.venv/bin/warmline.`,
    };
  }
  return { command };
}

function pathRules(surroundings: Surroundings): path.PlatformPath {
  return surroundings.platform === "win32" ? path.win32 : path.posix;
}
