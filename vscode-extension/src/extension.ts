// The extension's entry: joins the server, the status bar and the commands.
import { commands, window, workspace, type ExtensionContext, type LogOutputChannel } from "vscode";
import { Server } from "./server";
import { SECTION, toggleEnabled } from "./settings";
import { listStatus } from "./status";
import { StatusBar } from "./statusBar";

let server: Server | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("Warmline", { log: true });
  const statusBar = new StatusBar();
  const running = new Server(
    log,
    (status) => {
      statusBar.show(status);
    },
    (problem) => void offerSettings(problem),
  );
  server = running;
  context.subscriptions.push(log, statusBar, ...registerCommands(running, log));
  context.subscriptions.push(
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${SECTION}.serverPath`)) {
        void running.restart();
      }
    }),
  );
  await running.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

function registerCommands(running: Server, log: LogOutputChannel): { dispose(): void }[] {
  return [
    commands.registerCommand("warmline.toggle", announceToggle),
    commands.registerCommand("warmline.restart", () => running.restart()),
    commands.registerCommand("warmline.showLog", () => {
      log.show();
    }),
    commands.registerCommand("warmline.triggerSuggestion", () =>
      commands.executeCommand("editor.action.inlineSuggest.trigger"),
    ),
    commands.registerCommand("warmline.showStatus", () => showStatus(running, log)),
  ];
}

async function announceToggle(): Promise<void> {
  const enabled = await toggleEnabled();
  window.setStatusBarMessage(`Warmline: suggestions are ${enabled ? "on" : "off"}`, 3_000);
}

async function showStatus(running: Server, log: LogOutputChannel): Promise<void> {
  try {
    const status = await running.requestStatus();
    const lines = status === undefined ? ["The server is not running."] : listStatus(status);
    log.info(["Status", ...lines.map((line) => `  ${line}`)].join("\n"));
  } catch (error) {
    log.error(`The server gave no status: ${String(error)}`);
  }
  log.show();
}

async function offerSettings(problem: string): Promise<void> {
  const openSettings = "Open Settings";
  const choice = await window.showErrorMessage(problem, openSettings);
  if (choice === openSettings) {
    await commands.executeCommand("workbench.action.openSettings", `${SECTION}.serverPath`);
  }
}
