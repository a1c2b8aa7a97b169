// The extension's entry: joins the server, the status bar, the views and the commands.
import { accessSync, constants, existsSync, statSync } from "node:fs";
import * as path from "node:path";
import { window, workspace, type ExtensionContext } from "vscode";
import { registerCommands } from "./commands";
import { Environments } from "./install/environments";
import { failedServer, missingServer } from "./notices";
import { OffFiles } from "./offFiles";
import { Server, type ServerListener } from "./server";
import { findServerCommand, type ServerCommand } from "./serverCommand";
import { readServerPath, SECTION } from "./settings";
import { StatusBar } from "./statusBar";
import { CacheView } from "./views/cacheView";
import { ExplainView } from "./views/explainView";

let server: Server | undefined;

export function activate(context: ExtensionContext): void {
  const begun = performance.now();
  const log = window.createOutputChannel("Warmline", { log: true });
  const statusBar = new StatusBar();
  const environments = new Environments(
    path.join(context.globalStorageUri.fsPath, "server"),
    process.platform,
  );
  const findServer = (): ServerCommand =>
    findServerCommand(readServerPath(), {
      platform: process.platform,
      searchPath: process.env["PATH"] ?? "",
      installed: environments.program(),
      isExecutable,
    });
  const listener: ServerListener = {
    onStatus: (status) => {
      statusBar.showServer(status);
      cacheView.followSoon();
    },
    onLoaded: (percent) => {
      statusBar.showLoaded(percent);
    },
    onAnswer: (document, isEmpty) => {
      offFiles.note(document, isEmpty).catch((error: unknown) => {
        log.warn(`Why there is no suggestion could not be learnt: ${String(error)}`);
      });
    },
    onMissing: (problem) => void missingServer.show(problem),
    onFailed: (problem) => void failedServer.show(problem),
  };
  const running = new Server({
    log,
    listener,
    find: findServer,
    folder: openFolder,
    // Loaded only now, out of a file of its own: to activate the extension costs next to nothing.
    makeClient: async (program) =>
      (await import("./languageClient")).makeClient(program, log, listener),
    platform: process.platform,
  });
  server = running;
  const showOffReason = (): void => {
    statusBar.showOffReason(offFiles.reasonFor(window.activeTextEditor?.document));
  };
  const offFiles = new OffFiles(running, showOffReason);
  const cacheView = new CacheView(running);
  const explainView = new ExplainView(running);
  context.subscriptions.push(
    log,
    statusBar,
    cacheView,
    explainView,
    ...registerCommands({
      context,
      log,
      server: running,
      environments,
      explainView,
      cacheView,
      findServer,
    }),
    window.onDidChangeActiveTextEditor(showOffReason),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${SECTION}.serverPath`)) {
        void running.restart();
      }
    }),
  );
  // In the host's next turn, so that loading the language client cannot count as activation.
  setImmediate(() => void running.start());
  log.info(`Activated in ${(performance.now() - begun).toFixed(0)} ms.`);
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

/** The folder that is open, where it is one on disk. */
function openFolder(): string | undefined {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  return folder?.scheme === "file" && existsSync(folder.fsPath) ? folder.fsPath : undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false; // that is the answer, not an error
  }
}
