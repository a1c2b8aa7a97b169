// The language client: it speaks with the server, and leaves its life to others.
// The one module that loads vscode-languageclient, and itself loaded when a server is started.
import type { LogOutputChannel, TextDocument } from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  State,
  type LanguageClientOptions,
  type Middleware,
} from "vscode-languageclient/node";
import type { ServerListener } from "./server";
import type { ServerProgram } from "./serverProgram";
import type { Client } from "./serverRun";
import { readServerSettings } from "./settings";
import { parseServerStatus } from "./status";

const MOST_ERRORS = 3; // in a row, on the connection
const END_PATIENCE_MS = 5_000;

/** Make a client for a server that has just been started. */
export function makeClient(
  program: ServerProgram,
  log: LogOutputChannel,
  listener: ServerListener,
): Client {
  let started = Promise.resolve();
  const client = new QuietClient("warmline", "Warmline", () => Promise.resolve(program.child), {
    ...clientOptions(log, listener),
    errorHandler: {
      error: (_error, _message, count) => ({
        action: (count ?? 0) <= MOST_ERRORS ? ErrorAction.Continue : ErrorAction.Shutdown,
        handled: true,
      }),
      // Whether there is another server is decided elsewhere. A start has its say first: cut off
      // by this, it would seem to have succeeded.
      closed: () => started.then(() => ({ action: CloseAction.DoNotRestart, handled: true })),
    },
  });
  client.onNotification("didChangeStatus", (params: unknown) => {
    const status = parseServerStatus(params);
    if (status === undefined) {
      log.warn(`The server sent a status of an unknown form: ${JSON.stringify(params)}`);
    } else {
      listener.onStatus(status);
    }
  });
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) {
      // What it is ready for it says itself, once it has the settings.
      listener.onStatus({ busy: true, kind: "Normal", message: "The server reads its settings." });
    } else if (newState === State.Stopped) {
      // Without a connection it is of no use: what remains of it is ended, and that is noticed.
      void program.end(END_PATIENCE_MS);
    }
  });
  return {
    start: () => {
      const start = client.start();
      started = start.catch(() => undefined);
      return start;
    },
    stop: () => client.stop(),
    request: (method, params) => client.sendRequest<unknown>(method, params),
    nameOf: (document) => client.code2ProtocolConverter.asUri(document.uri),
  };
}

function clientOptions(log: LogOutputChannel, listener: ServerListener): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
    // Later changes the server asks for itself, with workspace/configuration.
    initializationOptions: readServerSettings,
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    middleware: middleware(listener),
    initializationFailedHandler: () => false,
  };
}

/** Writes its errors into the log alone: users are told once, by who knows what to do about it. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  /** The library stops what did not start, and would fail at it. */
  override stop(timeoutMs?: number): Promise<void> {
    return this.isRunning() ? super.stop(timeoutMs) : Promise.resolve();
  }
}

function middleware(listener: ServerListener): Middleware {
  return {
    handleWorkDoneProgress: (_token, params) => {
      listener.onLoaded(params.kind === "end" ? undefined : (params.percentage ?? 0));
    },
    provideInlineCompletionItems: async (
      document: TextDocument,
      position,
      context,
      token,
      next,
    ) => {
      const answer = await next(document, position, context, token);
      const items = answer ?? [];
      listener.onAnswer(document, (Array.isArray(items) ? items : items.items).length === 0);
      return answer;
    },
  };
}
