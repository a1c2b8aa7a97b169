// How programs are ended: asked first, then by force. No editor in here.
import { spawn, type ChildProcess } from "node:child_process";
import * as path from "node:path";

const GRACE_MS = 2_000;

/** Sends a signal to a program; SIGKILL cannot be refused. */
export type SendSignal = (child: ChildProcess, signal: "SIGTERM" | "SIGKILL") => void;

/** Whether a program has ended, or was never started. */
export function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Resolves once a program has ended, with true, or after a while, with false. */
export async function endsWithin(child: ChildProcess, limitMs: number): Promise<boolean> {
  if (hasEnded(child)) {
    return true;
  }
  return await new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.off("exit", ended);
      resolve(false);
    }, limitMs);
    const ended = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    child.once("exit", ended);
  });
}

/** End a program: ask it, and force it where it does not listen. Resolves in bounded time. */
export async function endProgram(child: ChildProcess, send: SendSignal): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (hasEnded(child)) {
      return;
    }
    send(child, signal);
    if (await endsWithin(child, GRACE_MS)) {
      return;
    }
  }
}

/**
 * The program alone. What it has started stays: an engine serves other windows too.
 * On Windows, where signals are no more than an end by force, the program that pip made takes its
 * Python with it, for both are in one job.
 */
export const signalAlone: SendSignal = (child, signal) => {
  child.kill(signal);
};

/** The program and all that it has started. On Unix it must lead a process group of its own. */
export function signalTree(platform: NodeJS.Platform): SendSignal {
  return (child, signal) => {
    if (child.pid === undefined) {
      return;
    }
    if (platform === "win32") {
      const { command, args } = killTreeOnWindows(child.pid, process.env["SystemRoot"]);
      spawn(command, args, { stdio: "ignore", windowsHide: true }).on("error", () => {
        child.kill(signal);
      });
      return;
    }
    try {
      process.kill(-child.pid, signal);
    } catch {
      child.kill(signal); // the group is gone, or was never there
    }
  };
}

/** What ends a tree of processes on Windows; named in full, so that no other folder is searched. */
export function killTreeOnWindows(
  pid: number,
  systemRoot: string | undefined,
): { readonly command: string; readonly args: readonly string[] } {
  const command = path.win32.join(systemRoot ?? "C:\\Windows", "System32", "taskkill.exe");
  return { command, args: ["/T", "/F", "/PID", String(pid)] };
}
