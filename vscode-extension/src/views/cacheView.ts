// The Live Cache view: follows the editor in front for as long as it is open.
import { window, workspace, type Disposable, type TextEditor } from "vscode";
import type { Server } from "../server";
import { CacheColours } from "./cacheColours";
import { parseCacheMap, statesOfLines, type CacheMap } from "./cacheMap";
import { cacheContent } from "./cachePage";
import { Panel } from "./panel";

const PAUSE_MS = 150; // after the last of several changes
const NO_CACHE = "The model holds no cache of this file yet: type something in it.";

export class CacheView implements Disposable {
  private colours: CacheColours | undefined; // made when there is something to colour
  private readonly panel: Panel;
  private readonly listeners: Disposable[];
  private timer: NodeJS.Timeout | undefined;
  private editor: TextEditor | undefined;

  constructor(private readonly server: Server) {
    this.panel = new Panel("warmline.cacheView", "Warmline: Live Cache", undefined, () => {
      this.colours?.clear();
    });
    this.listeners = [
      workspace.onDidChangeTextDocument(() => {
        this.followSoon();
      }),
      window.onDidChangeActiveTextEditor(() => {
        this.followSoon();
      }),
    ];
  }

  /** Open the view, and follow from now on. */
  async show(): Promise<void> {
    await this.update();
    this.panel.reveal();
  }

  /** Follow what the server has done, if the view is open. */
  followSoon(): void {
    if (this.panel.isOpen) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.update(), PAUSE_MS);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listeners.forEach((each) => {
      each.dispose();
    });
    this.panel.dispose();
    this.colours?.dispose();
  }

  private async update(): Promise<void> {
    // While the view itself has the focus there is no editor in front: the last one stays.
    this.editor = window.activeTextEditor ?? this.editor;
    const editor = this.editor;
    if (editor === undefined) {
      this.panel.show(cacheContent("", "Open a file to see its cache."));
      return;
    }
    const cache = await this.read(editor);
    this.panel.show(cacheContent(workspace.asRelativePath(editor.document.uri), cache));
    const lines = editor.document.getText().split(/\r?\n/);
    this.colours ??= new CacheColours();
    this.colours.paint(editor, typeof cache === "string" ? [] : statesOfLines(cache.runs, lines));
  }

  private async read(editor: TextEditor): Promise<CacheMap | string> {
    try {
      const textDocument = this.server.nameOf(editor.document);
      const answer = await this.server.request("warmline/cache", { textDocument });
      return parseCacheMap(answer) ?? NO_CACHE;
    } catch (error) {
      return String(error);
    }
  }
}
