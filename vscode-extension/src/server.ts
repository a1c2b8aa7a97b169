// The server's life: found, started, restarted, stopped, one at a time.
import type { LogOutputChannel, TextDocument } from "vscode";
import type { LanguageClient, Middleware, State } from "vscode-languageclient/node";
import { withinTime } from "./limits";
import type { ServerCommand } from "./serverCommand";
import { readServerSettings } from "./settings";
import { parseServerStatus, type ServerStatus } from "./status";

const ANSWER_TIMEOUT_MS = 5_000;
const START_TIMEOUT_MS = 60_000;

/** Who is told what the server does. */
export interface ServerListener {
  onStatus(status: ServerStatus): void;
  /** How much of the model is loaded; undefined when nothing is being loaded. */
  onLoaded(percent: number | undefined): void;
  onAnswer(document: TextDocument, isEmpty: boolean): void;
  onMissing(problem: string): void;
}

/** One language server for this window. Calls are worked through in their order. */
export class Server {
  private client: LanguageClient | undefined;
  private lastStep: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: LogOutputChannel,
    private readonly listener: ServerListener,
    private readonly find: () => ServerCommand,
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

  /** Ask the server. Undefined when none runs; rejects when it refuses or does not answer. */
  async request(method: string, params?: object): Promise<unknown> {
    if (this.client?.isRunning() !== true) {
      return undefined;
    }
    return await withinTime(this.client.sendRequest<unknown>(method, params), ANSWER_TIMEOUT_MS);
  }

  /** Every document by the name that the server knows it under. */
  nameOf(document: TextDocument): { readonly uri: string } {
    return { uri: this.client?.code2ProtocolConverter.asUri(document.uri) ?? "" };
  }

  private inTurn(step: () => Promise<void>): Promise<void> {
    this.lastStep = this.lastStep.then(step);
    return this.lastStep;
  }

  private async startNow(): Promise<void> {
    const found = this.find();
    if ("problem" in found) {
      this.fail(found.problem);
      this.listener.onMissing(found.problem);
      return;
    }
    this.log.info(`Starting ${found.command} serve`);
    this.listener.onStatus({ busy: true, kind: "Normal", message: "The server starts." });
    try {
      this.client = await this.makeClient(found.command);
      await withinTime(this.client.start(), START_TIMEOUT_MS);
    } catch (error) {
      // The client has shown its own message; the reason belongs in the log.
      this.fail(`The server ${found.command} did not start: ${String(error)}`);
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.listener.onLoaded(undefined);
    if (client?.isRunning() !== true) {
      return;
    }
    try {
      await withinTime(client.stop(), ANSWER_TIMEOUT_MS);
    } catch (error) {
      this.log.warn(`The server did not stop in good order: ${String(error)}`);
    }
  }

  private async makeClient(command: string): Promise<LanguageClient> {
    // Loaded only now, so that to activate the extension costs next to nothing.
    const library = await import("vscode-languageclient/node");
    const client = new library.LanguageClient(
      "warmline",
      "Warmline",
      { command, args: ["serve"] },
      {
        documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
        // Later changes the server asks for itself, with workspace/configuration.
        initializationOptions: readServerSettings,
        outputChannel: this.log,
        revealOutputChannelOn: library.RevealOutputChannelOn.Never,
        middleware: this.middleware(),
      },
    );
    client.onNotification("didChangeStatus", (params: unknown) => {
      this.showStatus(params);
    });
    client.onDidChangeState(({ newState }) => {
      // A client that was stopped on purpose is no longer ours to report on.
      if (client === this.client) {
        this.followState(newState, library.State);
      }
    });
    return client;
  }

  private middleware(): Middleware {
    return {
      handleWorkDoneProgress: (_token, params) => {
        this.listener.onLoaded(params.kind === "end" ? undefined : (params.percentage ?? 0));
      },
      provideInlineCompletionItems: async (document, position, context, token, next) => {
        const answer = await next(document, position, context, token);
        const items = answer ?? [];
        const isEmpty = (Array.isArray(items) ? items : items.items).length === 0;
        this.listener.onAnswer(document, isEmpty);
        return answer;
      },
    };
  }

  private showStatus(params: unknown): void {
    const status = parseServerStatus(params);
    if (status === undefined) {
      this.log.warn(`The server sent a status of an unknown form: ${JSON.stringify(params)}`);
    } else {
      this.listener.onStatus(status);
    }
  }

  private followState(state: State, states: typeof State): void {
    if (state === states.Running) {
      this.listener.onStatus({ busy: false, kind: "Normal", message: "" });
    } else if (state === states.Stopped) {
      this.listener.onLoaded(undefined);
      this.listener.onStatus({ busy: false, kind: "Error", message: "The server has stopped." });
    }
  }

  private fail(problem: string): void {
    this.log.error(problem);
    this.listener.onStatus({ busy: false, kind: "Error", message: problem });
  }
}
