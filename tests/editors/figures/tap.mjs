// Stands between the extension and the server: hands every message on, and writes down when
// inline completions are asked for and answered, with what the server says of each answer.
// Usage: tap.mjs RECORD COMMAND...
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const METHOD = "textDocument/inlineCompletion";

/** Cuts a stream of bytes into LSP messages; `take` gets each with its header. */
export class Frames {
  #rest = Buffer.alloc(0);

  constructor(take) {
    this.take = take;
  }

  push(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const end = this.#rest.indexOf("\r\n\r\n");
      const [, length] = /Content-Length: *(\d+)/i.exec(this.#rest.subarray(0, end)) ?? [];
      const total = end + 4 + Number(length);
      if (end < 0 || this.#rest.length < total) {
        return;
      }
      const frame = this.#rest.subarray(0, total);
      this.#rest = this.#rest.subarray(total);
      this.take(frame, JSON.parse(frame.subarray(end + 4)));
    }
  }
}

/** Follows a conversation; `write` gets a record of each answer, `ask` a request of our own. */
export class Listener {
  #asked = new Map();
  #answered = new Map();

  constructor(now, write, ask) {
    Object.assign(this, { now, write, ask });
  }

  fromEditor({ id, method, params }) {
    if (method === METHOD) {
      this.#asked.set(id, { asked: this.now(), document: params.textDocument });
    }
  }

  /** Returns whether the editor is to get the message. */
  fromServer({ id, method, result }) {
    if (method !== undefined) {
      return true;
    }
    const finished = this.#answered.get(id);
    if (finished !== undefined) {
      this.#answered.delete(id);
      this.write({ ...finished, origin: result?.origin, timings: result?.timings });
      return false;
    }
    const request = this.#asked.get(id);
    if (request !== undefined) {
      this.#asked.delete(id);
      this.#finish(request, result?.items?.length ?? 0);
    }
    return true;
  }

  #finish({ asked, document }, items) {
    const record = { asked, answered: this.now(), items };
    if (items === 0) {
      this.write(record);
      return;
    }
    const own = `tap-${record.answered}`;
    this.#answered.set(own, record);
    this.ask({
      jsonrpc: "2.0",
      id: own,
      method: "warmline/lastSuggestion",
      params: { textDocument: document },
    });
  }
}

function main([record, command, ...rest]) {
  const server = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const listener = new Listener(
    () => performance.timeOrigin + performance.now(),
    (entry) => appendFileSync(record, `${JSON.stringify(entry)}\n`),
    (message) => {
      const text = JSON.stringify(message);
      server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    },
  );
  const toServer = new Frames((frame, message) => {
    listener.fromEditor(message);
    server.stdin.write(frame);
  });
  const toEditor = new Frames((frame, message) => {
    if (listener.fromServer(message)) {
      process.stdout.write(frame);
    }
  });
  process.stdin.on("data", (bytes) => toServer.push(bytes));
  process.stdin.on("end", () => server.stdin.end());
  server.stdout.on("data", (bytes) => toEditor.push(bytes));
  server.on("exit", (code) => process.exit(code ?? 1));
  process.on("SIGTERM", () => server.kill());
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(process.argv.slice(2));
}
