// The server's life: found, started, restarted, stopped, one at a time.
import { accessSync, constants, statSync } from "node:fs";
import type { LogOutputChannel } from "vscode";
import { LanguageClient, RevealOutputChannelOn, State } from "vscode-languageclient/node";
import { findServerCommand } from "./serverCommand";
import { readServerPath, readServerSettings } from "./settings";
import { parseServerStatus, type ServerStatus } from "./status";

const STATUS_TIMEOUT_MS = 5_000;

/** One language server for this window. Calls are worked through in their order. */
export class Server {
  private client: LanguageClient | undefined;
  private lastStep: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: LogOutputChannel,
    private readonly onStatus: (status: ServerStatus) => void,
    private readonly onProblem: (problem: string) => void,
  ) {}

  start(): Promise<void> {
    return this.inTurn(() => this.startNow());
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.stopNow());
  }

  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  /** Ask the server how it is. Undefined when none runs; rejects when it does not answer. */
  async requestStatus(): Promise<unknown> {
    if (this.client?.isRunning() !== true) {
      return undefined;
    }
    return await withinTime(this.client.sendRequest<unknown>("warmline/status"));
  }

  private inTurn(step: () => Promise<void>): Promise<void> {
    this.lastStep = this.lastStep.then(step);
    return this.lastStep;
  }

  private async startNow(): Promise<void> {
    const found = findServerCommand(readServerPath(), {
      platform: process.platform,
      searchPath: process.env["PATH"] ?? "",
      isExecutable,
    });
    if ("problem" in found) {
      this.fail(found.problem);
      this.onProblem(found.problem);
      return;
    }
    this.log.info(`Starting ${found.command} serve`);
    this.onStatus({ busy: true, kind: "Normal", message: "starting" });
    this.client = this.makeClient(found.command);
    try {
      await this.client.start();
    } catch (error) {
      // The client has shown its own message; the reason belongs in the log.
      this.fail(`The server ${found.command} did not start: ${String(error)}`);
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client?.isRunning() !== true) {
      return;
    }
    try {
      await client.stop();
    } catch (error) {
      this.log.warn(`The server did not stop in good order: ${String(error)}`);
    }
  }

  private makeClient(command: string): LanguageClient {
    const client = new LanguageClient(
      "warmline",
      "Warmline",
      { command, args: ["serve"] },
      {
        documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
        // Later changes the server asks for itself, with workspace/configuration.
        initializationOptions: readServerSettings,
        outputChannel: this.log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
      },
    );
    client.onNotification("didChangeStatus", (params: unknown) => {
      this.showStatus(params);
    });
    client.onDidChangeState(({ newState }) => {
      // A client that was stopped on purpose is no longer ours to report on.
      if (client === this.client) {
        this.followState(newState);
      }
    });
    return client;
  }

  private showStatus(params: unknown): void {
    const status = parseServerStatus(params);
    if (status === undefined) {
      this.log.warn(`The server sent a status of an unknown form: ${JSON.stringify(params)}`);
    } else {
      this.onStatus(status);
    }
  }

  private followState(state: State): void {
    if (state === State.Running) {
      this.onStatus({ busy: false, kind: "Normal", message: "" });
    } else if (state === State.Stopped) {
      this.onStatus({ busy: false, kind: "Error", message: "the server has stopped" });
    }
  }

  private fail(problem: string): void {
    this.log.error(problem);
    this.onStatus({ busy: false, kind: "Error", message: problem });
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false; // that is the answer, not an error
  }
}

async function withinTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${String(STATUS_TIMEOUT_MS)} ms`));
    }, STATUS_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
