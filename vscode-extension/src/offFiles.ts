// Which files get no suggestions, and why: asked after an empty answer, remembered by file.
import type { TextDocument } from "vscode";
import type { Server } from "./server";
import { offReasonIn } from "./status";

export class OffFiles {
  private readonly reasons = new WeakMap<TextDocument, string>();

  constructor(
    private readonly server: Server,
    private readonly onChange: () => void,
  ) {}

  reasonFor(document: TextDocument | undefined): string | undefined {
    return document && this.reasons.get(document);
  }

  /** Learn from an answer to a request for a suggestion. */
  async note(document: TextDocument, isEmpty: boolean): Promise<void> {
    const reason = isEmpty ? await this.ask(document) : undefined;
    if (reason === undefined) {
      this.reasons.delete(document);
    } else {
      this.reasons.set(document, reason);
    }
    this.onChange();
  }

  private async ask(document: TextDocument): Promise<string | undefined> {
    const textDocument = this.server.nameOf(document);
    return offReasonIn(await this.server.request("warmline/lastSuggestion", { textDocument }));
  }
}
