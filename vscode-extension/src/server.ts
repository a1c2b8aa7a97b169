// The server's life: found, started, restarted, stopped, one at a time. No editor in here.
import type { TextDocument } from "vscode";
import { withinTime } from "./limits";
import type { ServerCommand } from "./serverCommand";
import { ServerRun, type MakeClient } from "./serverRun";
import type { ServerStatus } from "./status";
import { Budget, Turns } from "./turns";

const ANSWER_TIMEOUT_MS = 5_000;
const START_TIMEOUT_MS = 60_000;
const MOST_CRASHES = 4;
const CRASHES_WITHIN_MS = 180_000;

/** Who is told what the server does. */
export interface ServerListener {
  onStatus(status: ServerStatus): void;
  /** How much of the model is loaded; undefined when nothing is being loaded. */
  onLoaded(percent: number | undefined): void;
  onAnswer(document: TextDocument, isEmpty: boolean): void;
  /** There is no server to start. */
  onMissing(problem: string): void;
  /** The server cannot be kept running; it stays away until it is restarted. */
  onFailed(problem: string): void;
}

/** What a server's life is recorded in. */
export interface ServerLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** What a server is made from. */
export interface ServerParts {
  readonly log: ServerLog;
  readonly listener: ServerListener;
  readonly find: () => ServerCommand;
  /** The folder to start in, asked anew at each start. */
  readonly folder: () => string | undefined;
  readonly makeClient: MakeClient;
  readonly platform: NodeJS.Platform;
  readonly startTimeoutMs?: number;
}

/** One language server for this window. Calls are worked through in their order. */
export class Server {
  private run: ServerRun | undefined;
  private starting = new AbortController();
  private readonly turns = new Turns();
  private readonly crashes = new Budget(MOST_CRASHES, CRASHES_WITHIN_MS);

  constructor(private readonly parts: ServerParts) {}

  start(): Promise<void> {
    return this.turns.take(() => this.startNow());
  }

  /** Stop the server; one that is just starting is not waited for. */
  stop(): Promise<void> {
    this.starting.abort();
    return this.turns.take(() => this.stopNow());
  }

  /** Stop and start. Several asked for while one is under way are one more. */
  restart(): Promise<void> {
    this.starting.abort();
    return this.turns.takeOnce(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  /** Ask the server. Undefined when none runs; rejects when it refuses or does not answer. */
  async request(method: string, params?: object): Promise<unknown> {
    return await (this.run &&
      withinTime(this.run.client.request(method, params), ANSWER_TIMEOUT_MS));
  }

  /** Every document by the name that the server knows it under. */
  nameOf(document: TextDocument): { readonly uri: string } {
    return { uri: this.run?.client.nameOf(document) ?? "" };
  }

  private async startNow(): Promise<void> {
    const { find, listener, log } = this.parts;
    const found = find();
    if ("problem" in found) {
      this.fail(found.problem);
      listener.onMissing(found.problem);
      return;
    }
    log.info(`Starting ${found.command} serve`);
    listener.onStatus({ busy: true, kind: "Normal", message: "The server starts." });
    this.starting = new AbortController();
    const { signal } = this.starting;
    try {
      const begun = performance.now();
      this.run = await this.startRun(found.command, signal);
      log.info(`The server answered after ${(performance.now() - begun).toFixed(0)} ms.`);
      void this.watch(this.run);
    } catch (error) {
      listener.onLoaded(undefined);
      if (!signal.aborted) {
        this.giveUp(`The server ${found.command} did not start: ${reasonOf(error)}.`);
      }
    }
  }

  private async startRun(command: string, signal: AbortSignal): Promise<ServerRun> {
    const { folder, makeClient, platform, startTimeoutMs } = this.parts;
    return await ServerRun.start(
      { command, platform, folder: folder() },
      makeClient,
      startTimeoutMs ?? START_TIMEOUT_MS,
      signal,
    );
  }

  private async stopNow(): Promise<void> {
    const run = this.run;
    this.run = undefined;
    this.parts.listener.onLoaded(undefined);
    try {
      await run?.stop();
    } catch (error) {
      this.parts.log.warn(`The server did not stop in good order: ${reasonOf(error)}.`);
    }
  }

  /** Wait for the end of a run, and start another where nobody had asked for that end. */
  private async watch(run: ServerRun): Promise<void> {
    const how = await run.ended;
    if (run !== this.run) {
      return;
    }
    this.run = undefined;
    this.parts.listener.onLoaded(undefined);
    if (this.crashes.take(Date.now())) {
      this.fail(`The server has ended by itself with ${how}; it is started again.`);
      await this.restart();
    } else {
      const minutes = String(CRASHES_WITHIN_MS / 60_000);
      this.giveUp(
        `The server has ended by itself with ${how}, ${String(MOST_CRASHES + 1)} times within ${minutes} minutes: it is not started again.`,
      );
    }
  }

  private giveUp(problem: string): void {
    this.fail(problem);
    this.parts.listener.onFailed(problem);
  }

  private fail(problem: string): void {
    this.parts.log.error(problem);
    this.parts.listener.onStatus({ busy: false, kind: "Error", message: problem });
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
