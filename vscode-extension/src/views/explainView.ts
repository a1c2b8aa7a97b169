// The Explain view: asks the server about the cursor's place, and leads to the code.
import { Selection, Uri, window, workspace, type Disposable } from "vscode";
import type { Server } from "../server";
import { explainContent, placesOf } from "./explainPage";
import { parseExplanation, parseLastSuggestion, type Chunk } from "./explanation";
import { Panel } from "./panel";

const NO_DOCUMENT = "The server does not know this document. Is it running, and is the file open?";

export class ExplainView implements Disposable {
  private places: readonly Chunk[] = [];
  private readonly panel = new Panel("warmline.explainView", "Warmline: Explain", (place) => {
    void this.open(place);
  });

  constructor(private readonly server: Server) {}

  /** Explain the suggestion at the cursor. */
  async show(): Promise<void> {
    const editor = window.activeTextEditor;
    if (editor === undefined) {
      void window.showInformationMessage("Open a file and put the cursor where to explain.");
      return;
    }
    const { document, selection } = editor;
    const { line, character } = selection.active;
    const place = `${workspace.asRelativePath(document.uri)}:${String(line + 1)}:${String(character + 1)}`;
    const textDocument = this.server.nameOf(document);
    try {
      // The suggestion first: to explain takes longer, and it is about what is shown now.
      const last = await this.server.request("warmline/lastSuggestion", { textDocument });
      const position = { line, character };
      const answer = await this.server.request("warmline/explain", { textDocument, position });
      const explanation = parseExplanation(answer);
      this.places = explanation === undefined ? [] : placesOf(explanation);
      this.panel.show(explainContent(place, explanation ?? NO_DOCUMENT, parseLastSuggestion(last)));
    } catch (error) {
      this.panel.show(explainContent(place, String(error), undefined));
    }
    this.panel.reveal();
  }

  dispose(): void {
    this.panel.dispose();
  }

  /** Show the code of a place; only those that were listed can be asked for. */
  private async open(index: number): Promise<void> {
    const place = this.places[index];
    const file = place && (await findFile(place.path));
    if (place === undefined || file === undefined) {
      void window.showWarningMessage(`${place?.path ?? "The file"} is in no open folder.`);
      return;
    }
    const line = place.line - 1;
    const editor = await window.showTextDocument(file, { preview: true });
    editor.selection = new Selection(line + Math.max(1, place.numLines), 0, line, 0);
    editor.revealRange(editor.selection);
  }
}

/** The file in whichever open folder has it. */
async function findFile(path: string): Promise<Uri | undefined> {
  for (const folder of workspace.workspaceFolders ?? []) {
    const file = Uri.joinPath(folder.uri, path);
    try {
      await workspace.fs.stat(file);
      return file;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}
