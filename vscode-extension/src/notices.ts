// Messages about the server, with what can be done about it as buttons.
import { commands, window } from "vscode";
import { SECTION } from "./settings";

/** Tells users of one kind of trouble; while a message still stands there is no second one. */
class Notice {
  private isShown = false;

  constructor(private readonly actions: Readonly<Record<string, () => Thenable<unknown>>>) {}

  async show(problem: string): Promise<void> {
    if (this.isShown) {
      return;
    }
    this.isShown = true;
    const choice = await window.showErrorMessage(problem, ...Object.keys(this.actions));
    this.isShown = false;
    await this.actions[choice ?? ""]?.();
  }
}

/** There is no server: install it, or name it. */
export const missingServer = new Notice({
  "Install Server": () => commands.executeCommand(`${SECTION}.installServer`),
  "Open Settings": () =>
    commands.executeCommand("workbench.action.openSettings", `${SECTION}.serverPath`),
});

/** The server does not start, or does not go on. */
export const failedServer = new Notice({
  "Show Log": () => commands.executeCommand(`${SECTION}.showLog`),
  Restart: () => commands.executeCommand(`${SECTION}.restart`),
});
