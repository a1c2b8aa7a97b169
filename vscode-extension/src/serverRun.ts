// One run of the server: a program and a client that speaks with it, from start to end.
// No editor in here: the client is made by whom the caller names.
import type { TextDocument } from "vscode";
import { withinTime } from "./limits";
import { ServerProgram, type Start } from "./serverProgram";

const STOP_TIMEOUT_MS = 5_000;
const MOMENT_MS = 500;

/** What speaks with the server. */
export interface Client {
  /** Resolves when the server has answered the first request, `initialize`. */
  start(): Promise<void>;
  /** Ask the server to end, and forget what it has registered. */
  stop(): Promise<void>;
  request(method: string, params?: object): Promise<unknown>;
  nameOf(document: TextDocument): string;
}

/** Makes a client for a program that has just been started. */
export type MakeClient = (program: ServerProgram) => Promise<Client>;

export class ServerRun {
  private constructor(
    readonly client: Client,
    private readonly program: ServerProgram,
  ) {}

  /**
   * Start the server and wait until it answers.
   *
   * Rejects with the reason when it does not within the limit, ends before, or `signal` is
   * aborted; then no program is left running.
   */
  static async start(
    start: Start,
    makeClient: MakeClient,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<ServerRun> {
    const program = await ServerProgram.start(start);
    try {
      const client = await makeClient(program);
      const outcomes = [client.start(), refuseEnd(program), refuseAbort(signal)];
      await withinTime(Promise.race(outcomes), limitMs);
      return new ServerRun(client, program);
    } catch (error) {
      // A connection that breaks is most often a program that ends, which says more.
      const how = signal.aborted ? undefined : await program.endedWithin(MOMENT_MS);
      await program.end();
      throw how === undefined ? error : new Error(`it ended with ${how} before it answered`);
    }
  }

  /** Resolves when the server has ended, with how. Never rejects. */
  get ended(): Promise<string> {
    return this.program.ended;
  }

  /** End the server. Rejects when that was not in good order; it has ended all the same. */
  async stop(): Promise<void> {
    try {
      await withinTime(this.client.stop(), STOP_TIMEOUT_MS);
      await this.program.end(STOP_TIMEOUT_MS);
    } finally {
      await this.program.end();
    }
  }
}

async function refuseEnd(program: ServerProgram): Promise<never> {
  throw new Error(await program.ended);
}

function refuseAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = (): void => {
      reject(new Error("it was stopped before it answered"));
    };
    if (signal.aborted) {
      refuse();
    } else {
      signal.addEventListener("abort", refuse, { once: true });
    }
  });
}
