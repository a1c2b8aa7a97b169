// Programs that are run to their end. No editor in here.
import { spawn } from "node:child_process";
import { endProgram, signalTree } from "./ending";

const MOST_CHARACTERS_KEPT = 4_000_000;

export interface RunOptions {
  /** The longest that the program may run. */
  readonly timeoutMs: number;
  /** Called with each line of standard output and standard error. */
  readonly onLine?: (line: string) => void;
  /** Ends the program when it is aborted. */
  readonly signal?: AbortSignal;
}

/** How a program ended; the code is null when it was ended from outside. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunProgram = (
  command: string,
  args: readonly string[],
  options: RunOptions,
) => Promise<Ended>;

/**
 * Run a program without a shell. Rejects when it cannot be started or runs too long. One that is
 * ended takes along what it has started.
 */
export const runProgram: RunProgram = (command, args, options) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
      detached: process.platform !== "win32", // on Unix: the leader of a group, to be ended as one
    });
    let isOverdue = false;
    const end = (): void => {
      void endProgram(child, signalTree(process.platform)).then(() => {
        // What outlives it may hold these open, and nobody reads them any more.
        child.stdout.destroy();
        child.stderr.destroy();
      });
    };
    const timer = setTimeout(() => {
      isOverdue = true;
      end();
    }, options.timeoutMs);
    options.signal?.addEventListener("abort", end, { once: true });
    if (options.signal?.aborted === true) {
      end();
    }
    const stdout = new Collector(options.onLine);
    const stderr = new Collector(options.onLine);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout.add(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr.add(text);
    });
    const settle = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", end);
    };
    child.on("error", (error) => {
      settle();
      reject(new Error(`The program ${command} could not be started: ${error.message}`));
    });
    child.on("close", (code) => {
      settle();
      if (isOverdue) {
        const limit = (options.timeoutMs / 1_000).toFixed(0);
        reject(new Error(`The program ${command} did not end within ${limit} s and was stopped.`));
      } else {
        resolve({ code, stdout: stdout.close(), stderr: stderr.close() });
      }
    });
  });

/** Keeps what a stream says, up to a limit, and tells its lines. */
class Collector {
  private text = "";
  private rest = "";

  constructor(private readonly onLine: ((line: string) => void) | undefined) {}

  add(text: string): void {
    this.text = (this.text + text).slice(-MOST_CHARACTERS_KEPT);
    const lines = (this.rest + text).split(/\r?\n|\r/);
    this.rest = lines.pop() ?? "";
    lines.forEach((line) => this.onLine?.(line));
  }

  close(): string {
    if (this.rest !== "") {
      this.onLine?.(this.rest);
    }
    return this.text;
  }
}
