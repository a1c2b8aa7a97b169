import { StatusBarAlignment, ThemeColor, window, type Disposable } from "vscode";
import { viewStatus, type ServerStatus, type Situation } from "./status";

/** The item in the status bar. */
export class StatusBar implements Disposable {
  private readonly item = window.createStatusBarItem("warmline.status", StatusBarAlignment.Right);
  private situation: Situation = { server: { busy: false, kind: "Normal", message: "" } };

  constructor() {
    this.item.name = "Warmline";
    this.item.show();
    this.update({});
  }

  showServer(server: ServerStatus): void {
    this.update({ server });
  }

  showLoaded(loadedPercent: number | undefined): void {
    this.update({ loadedPercent });
  }

  showOffReason(offReason: string | undefined): void {
    this.update({ offReason });
  }

  dispose(): void {
    this.item.dispose();
  }

  private update(change: Partial<Situation>): void {
    this.situation = { ...this.situation, ...change };
    const view = viewStatus(this.situation);
    this.item.text = view.text;
    this.item.tooltip = view.tooltip;
    this.item.accessibilityInformation = { label: view.tooltip };
    this.item.command = view.command;
    this.item.backgroundColor = backgroundFor(this.situation.server);
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
