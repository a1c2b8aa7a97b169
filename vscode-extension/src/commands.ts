// What each command of the palette does. The names are those of package.json.
import { commands, window, type ExtensionContext, type LogOutputChannel } from "vscode";
import { showDoctor } from "./doctor";
import type { Environments } from "./install/environments";
import { installServer } from "./install/installServer";
import { chooseModel } from "./models/chooseModel";
import { missingServer } from "./notices";
import type { Server } from "./server";
import type { ServerCommand } from "./serverCommand";
import { SECTION, toggleEnabled, toggleLanguage } from "./settings";
import { listStatus } from "./status";
import type { CacheView } from "./views/cacheView";
import type { ExplainView } from "./views/explainView";
import { Panel } from "./views/panel";

/** What the commands work with. */
export interface Parts {
  readonly context: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly server: Server;
  readonly environments: Environments;
  readonly explainView: ExplainView;
  readonly cacheView: CacheView;
  readonly findServer: () => ServerCommand;
}

/** Offer every command; the result takes them back. */
export function registerCommands(parts: Parts): { dispose(): unknown }[] {
  const { log, server } = parts;
  const doctorPanel = new Panel("warmline.doctorView", "Warmline: Doctor");
  const actions: Record<string, () => unknown> = {
    toggle: announceToggle,
    toggleLanguage: announceToggleLanguage,
    triggerSuggestion: () => commands.executeCommand("editor.action.inlineSuggest.trigger"),
    nextSuggestion: () => commands.executeCommand("editor.action.inlineSuggest.showNext"),
    previousSuggestion: () => commands.executeCommand("editor.action.inlineSuggest.showPrevious"),
    explain: () => parts.explainView.show(),
    showCache: () => parts.cacheView.show(),
    chooseModel: () => withServer(parts, (command) => chooseModel(command, log)),
    doctor: () => withServer(parts, (command) => showDoctor(command, doctorPanel)),
    showStatus: () => showStatus(server, log),
    showLog: () => {
      log.show();
    },
    restart: () => server.restart(),
    installServer: () => install(parts),
  };
  return [
    doctorPanel,
    ...Object.entries(actions).map(([name, action]) =>
      commands.registerCommand(`${SECTION}.${name}`, () => reporting(log, action)),
    ),
  ];
}

async function install({ context, environments, log, server }: Parts): Promise<void> {
  if (await installServer(context.extensionPath, environments, log)) {
    await server.restart();
    environments.removeOthers();
    void window.showInformationMessage("Warmline's server is installed.");
  }
}

async function withServer(
  { findServer }: Parts,
  work: (command: string) => Promise<void>,
): Promise<void> {
  const found = findServer();
  if ("problem" in found) {
    await missingServer.show(found.problem);
  } else {
    await work(found.command);
  }
}

/** The edge: what a command cannot do is told to the user who asked for it, and to the log. */
async function reporting(log: LogOutputChannel, action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.error(message);
    const choice = await window.showErrorMessage(`Warmline: ${message}`, "Show Log");
    if (choice !== undefined) {
      log.show();
    }
  }
}

async function announceToggle(): Promise<void> {
  announce(`suggestions are ${inWords(await toggleEnabled())}`);
}

async function announceToggleLanguage(): Promise<void> {
  const language = window.activeTextEditor?.document.languageId;
  if (language === undefined) {
    announce("open a file in the language to turn on or off");
  } else {
    announce(`suggestions for ${language} are ${inWords(await toggleLanguage(language))}`);
  }
}

function announce(sentence: string): void {
  window.setStatusBarMessage(`Warmline: ${sentence}`, 3_000);
}

function inWords(isOn: boolean): string {
  return isOn ? "on" : "off";
}

async function showStatus(server: Server, log: LogOutputChannel): Promise<void> {
  const status = await server.request("warmline/status");
  const lines = status === undefined ? ["The server is not running."] : listStatus(status);
  log.info(["Status", ...lines.map((line) => `  ${line}`)].join("\n"));
  log.show();
}
