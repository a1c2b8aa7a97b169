import { StatusBarAlignment, ThemeColor, window, type Disposable } from "vscode";
import { viewStatus, type ServerStatus } from "./status";

/** The item in the status bar; a click on it shows the server's status. */
export class StatusBar implements Disposable {
  private readonly item = window.createStatusBarItem("warmline.status", StatusBarAlignment.Right);

  constructor() {
    this.item.name = "Warmline";
    this.item.command = "warmline.showStatus";
    this.item.show();
  }

  show(status: ServerStatus): void {
    const view = viewStatus(status);
    this.item.text = view.text;
    this.item.tooltip = view.tooltip;
    this.item.backgroundColor = backgroundFor(status);
  }

  dispose(): void {
    this.item.dispose();
  }
}

function backgroundFor(status: ServerStatus): ThemeColor | undefined {
  switch (status.kind) {
    case "Error":
      return new ThemeColor("statusBarItem.errorBackground");
    case "Warning":
      return new ThemeColor("statusBarItem.warningBackground");
    default:
      return undefined;
  }
}
