// One view beside the editor: made when it is first shown, filled anew after that.
import { randomBytes } from "node:crypto";
import { ViewColumn, window, type Disposable, type WebviewPanel } from "vscode";
import { asObject, asNumberOrNone } from "../json";
import type { Html } from "./html";
import { page } from "./page";

export class Panel implements Disposable {
  private panel: WebviewPanel | undefined;

  constructor(
    private readonly id: string,
    private readonly title: string,
    private readonly onPlace: (place: number) => void = () => undefined,
    private readonly onClose: () => void = () => undefined,
  ) {}

  get isOpen(): boolean {
    return this.panel !== undefined;
  }

  /** Show content; the editor keeps the focus. */
  show(content: Html): void {
    if (this.panel === undefined) {
      this.panel = this.open();
      this.panel.webview.html = page(this.title, content, randomBytes(18).toString("base64"));
    } else {
      void this.panel.webview.postMessage({ content: content.markup });
    }
  }

  /** Bring it to the front. */
  reveal(): void {
    this.panel?.reveal(undefined, true);
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private open(): WebviewPanel {
    const panel = window.createWebviewPanel(
      this.id,
      this.title,
      { viewColumn: ViewColumn.Beside, preserveFocus: true },
      // It keeps what it was told while it is hidden; nothing is loaded from disk.
      { enableScripts: true, retainContextWhenHidden: true, localResourceRoots: [] },
    );
    panel.webview.onDidReceiveMessage((message: unknown) => {
      const place = asNumberOrNone(asObject(message)["place"]);
      if (place !== undefined) {
        this.onPlace(place);
      }
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.onClose();
    });
    return panel;
  }
}
