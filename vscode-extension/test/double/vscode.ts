// A stand-in for the editor: as much of the module `vscode` as tests need, in place of it.
// It keeps what it was asked to show, and does nothing else.
import { EventEmitter as NodeEvents, once } from "node:events";

/** What was shown and asked for; tests read it and set the answers. */
export const seen = nothingSeen();

function nothingSeen(): {
  errors: { readonly message: string; readonly buttons: readonly string[] }[];
  commands: string[];
  handlers: Map<string, () => unknown>;
  brief: string[];
  pages: string[];
  progress: string[];
  questions: string[];
  settings: Map<string, unknown>;
  answer: string | undefined;
  choose: (labels: readonly string[]) => number;
} {
  return {
    errors: [],
    commands: [],
    handlers: new Map(),
    /** Messages that go by themselves. */
    brief: [],
    pages: [],
    progress: [],
    questions: [],
    /** What was written into the settings. */
    settings: new Map(),
    /** The button that the next messages are answered with; undefined leaves them standing. */
    answer: undefined,
    /** Which of the choices that are offered is taken; -1 takes none. */
    choose: () => -1,
  };
}

/** Forget everything. */
export function forget(): void {
  Object.assign(seen, nothingSeen());
}

const nothing = { dispose: (): void => undefined };
const noEvent = (): typeof nothing => nothing;

export const version = "1.100.0";
export const env = { appName: "Double", language: "en" };

export class EventEmitter<T> {
  private readonly listeners: ((value: T) => void)[] = [];
  readonly event = (listener: (value: T) => void): typeof nothing => {
    this.listeners.push(listener);
    return nothing;
  };
  fire(value: T): void {
    this.listeners.forEach((each) => {
      each(value);
    });
  }
  dispose(): void {
    this.listeners.length = 0;
  }
}

/** A log that keeps its lines, and tells of each. */
export class Log {
  readonly lines: string[] = [];
  readonly onDidChangeLogLevel = noEvent;
  readonly logLevel = 3;
  constructor(private readonly onLine: () => void = () => undefined) {}
  readonly info = (line: string): void => {
    this.lines.push(line);
    said.emit("line");
    this.onLine();
  };
  readonly warn = this.info;
  readonly error = this.info;
  debug = (): void => undefined;
  trace = (): void => undefined;
  appendLine = this.info;
  numShown = 0;
  show = (): void => {
    this.numShown += 1;
  };
  dispose = (): void => undefined;
}

export const logs: Log[] = [];

const said = new NodeEvents();

/** Wait until something has come to be, by what is said in any log. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await once(said, "line");
  }
}

/** The text of an item in the status bar, and what it tells on the way. */
export class StatusBarItem {
  text = "";
  tooltip = "";
  command = "";
  backgroundColor: { readonly id: string } | undefined;
  accessibilityInformation: { readonly label: string } | undefined;
  readonly dispose = (): void => undefined;
  readonly show = (): void => undefined;
}

export const items: StatusBarItem[] = [];

const showMessage = (message: string, ...buttons: string[]): Promise<string | undefined> => {
  seen.errors.push({ message, buttons });
  // A message that nobody answers stands for ever, as in the editor.
  return seen.answer === undefined ? new Promise(() => undefined) : Promise.resolve(seen.answer);
};

export const window = {
  activeTextEditor: undefined as object | undefined,
  visibleTextEditors: [],
  tabGroups: { all: [], onDidChangeTabs: noEvent, onDidChangeTabGroups: noEvent },
  showErrorMessage: showMessage,
  showWarningMessage: showMessage,
  showInformationMessage: showMessage,
  createOutputChannel: (): Log => {
    const log = new Log();
    logs.push(log);
    return log;
  },
  createStatusBarItem: (): StatusBarItem => {
    const item = new StatusBarItem();
    items.push(item);
    return item;
  },
  createTextEditorDecorationType: (): object => nothing,
  onDidChangeActiveTextEditor: noEvent,
  onDidChangeVisibleTextEditors: noEvent,
  setStatusBarMessage: (message: string): typeof nothing => {
    seen.brief.push(message);
    return nothing;
  },
  showQuickPick: <T extends { label: string }>(
    choices: readonly T[],
    { title }: { title: string },
  ): Promise<T | undefined> => {
    seen.questions.push(title);
    return Promise.resolve(choices[seen.choose(choices.map(({ label }) => label))]);
  },
  withProgress: <T>(
    _options: object,
    work: (progress: object, token: object) => Promise<T>,
  ): Promise<T> => {
    const report = ({ message }: { message: string }): void => {
      seen.progress.push(message);
    };
    return work({ report }, { onCancellationRequested: noEvent });
  },
  createWebviewPanel: (): object => ({
    ...nothing,
    reveal: (): void => undefined,
    onDidDispose: noEvent,
    webview: {
      onDidReceiveMessage: noEvent,
      set html(page: string) {
        seen.pages.push(page);
      },
    },
  }),
};

export const workspace = {
  workspaceFolders: undefined,
  textDocuments: [],
  notebookDocuments: [],
  getConfiguration: (): object => ({
    get: (name: string, fallback?: unknown): unknown => seen.settings.get(name) ?? fallback,
    inspect: (): undefined => undefined,
    update: (name: string, value: unknown): Promise<void> => {
      seen.settings.set(name, value);
      return Promise.resolve();
    },
  }),
  asRelativePath: (file: { readonly path: string }): string => file.path,
  onDidChangeConfiguration: noEvent,
  onDidChangeWorkspaceFolders: noEvent,
  onDidChangeTextDocument: noEvent,
  onDidOpenTextDocument: noEvent,
  onDidCloseTextDocument: noEvent,
  onDidSaveTextDocument: noEvent,
  onWillSaveTextDocument: noEvent,
};

export const commands = {
  executeCommand: (name: string): Promise<void> => {
    seen.commands.push(name);
    return Promise.resolve();
  },
  registerCommand: (name: string, handler: () => unknown): typeof nothing => {
    seen.handlers.set(name, handler);
    return nothing;
  },
};

export const languages = {
  match: (): number => 1,
  createDiagnosticCollection: (): typeof nothing => nothing,
};

export class Disposable {
  static from(): Disposable {
    return new Disposable();
  }
  dispose(): void {
    return undefined;
  }
}

// Only to be extended, or to be looked at for their names, when the client library is loaded.
export const Uri = { parse: (text: string): object => ({ text }) };

class Any {
  readonly isDouble = true;
}
export {
  Any as CallHierarchyItem,
  Any as CancellationError,
  Any as CodeAction,
  Any as CodeLens,
  Any as CompletionItem,
  Any as Diagnostic,
  Any as DocumentLink,
  Any as InlayHint,
  Any as Range,
  Any as Selection,
  Any as SymbolInformation,
  Any as TypeHierarchyItem,
};

export class ThemeColor {
  constructor(readonly id: string) {}
}

export const StatusBarAlignment = { Left: 1, Right: 2 };
export const ViewColumn = { Beside: -2 };
export const ProgressLocation = { Window: 10, Notification: 15 };
export const OverviewRulerLane = { Left: 1, Center: 2, Right: 4, Full: 7 };
export const ConfigurationTarget = { Global: 1, Workspace: 2 };
export const LogLevel = { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 };
export const CodeActionKind = {};
export const DiagnosticTag = { Unnecessary: 1, Deprecated: 2 };
export const CompletionItemTag = { Deprecated: 1 };
export const SymbolTag = { Deprecated: 1 };
