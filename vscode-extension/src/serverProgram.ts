// The server's program while it runs: started, waited for, ended. No editor in here.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { endProgram, endsWithin, signalAlone } from "./ending";

/** How a program is started. */
export interface Start {
  readonly command: string;
  readonly platform: NodeJS.Platform;
  /** The folder to run in; undefined for this process's own. */
  readonly folder: string | undefined;
}

export class ServerProgram {
  /** Resolves when the program has ended, with how. Never rejects. */
  readonly ended: Promise<string>;

  private constructor(readonly child: ChildProcessWithoutNullStreams) {
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`);
      });
    });
  }

  /** Start the server. Rejects when there is no such program, or it may not be run. */
  static async start({ command, platform, folder }: Start): Promise<ServerProgram> {
    const child = spawn(command, ["serve"], {
      cwd: folder,
      env: environmentFor(platform, process.env),
      windowsHide: true,
    });
    await once(child, "spawn");
    // Writing to a program that has just ended fails here too; its end is what is reported.
    child.stdin.on("error", () => undefined);
    return new ServerProgram(child);
  }

  /** How it has ended, if it has within a while. */
  async endedWithin(limitMs: number): Promise<string | undefined> {
    return (await endsWithin(this.child, limitMs)) ? await this.ended : undefined;
  }

  /** Wait for an end that was agreed upon, as long as it may take; then enforce it. */
  async end(patienceMs = 0): Promise<void> {
    if (patienceMs === 0 || !(await endsWithin(this.child, patienceMs))) {
      await endProgram(this.child, signalAlone);
    }
  }
}

/**
 * The environment that the server gets. The folder it runs in is the one that is open, and Windows
 * would look there first for programs that the server names without a path, such as git.
 */
export function environmentFor(
  platform: NodeJS.Platform,
  environment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  return platform === "win32"
    ? { ...environment, NoDefaultCurrentDirectoryInExePath: "1" }
    : environment;
}
