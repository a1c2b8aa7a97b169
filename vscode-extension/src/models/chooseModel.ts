// The choice among models, and the download of one.
import { ProgressLocation, window, type LogOutputChannel } from "vscode";
import { runProgram } from "../programs";
import { readModel, writeModel } from "../settings";
import { parseModels, parsePullLine, type Model } from "./catalogue";

const LIST_TIMEOUT_MS = 60_000;
const PULL_TIMEOUT_MS = 6 * 60 * 60 * 1_000; // gigabytes over a slow line

/** Let the user choose a model, download it if need be, and use it. */
export async function chooseModel(command: string, log: LogOutputChannel): Promise<void> {
  const model = await pickModel(await listModels(command));
  if (model === undefined) {
    return;
  }
  if (!model.isReady && !(await pullModel(command, model, log))) {
    return;
  }
  await writeModel(model.name);
  void window.showInformationMessage(`Warmline uses ${model.title} from now on.`);
}

async function listModels(command: string): Promise<Model[]> {
  const options = { timeoutMs: LIST_TIMEOUT_MS };
  const { code, stdout, stderr } = await runProgram(command, ["models", "list", "--json"], options);
  if (code !== 0) {
    throw new Error(`The models could not be listed: ${stderr.trim()}`);
  }
  return parseModels(stdout);
}

async function pickModel(models: readonly Model[]): Promise<Model | undefined> {
  const current = readModel();
  const items = models.map((model) => ({
    label: `${model.name === current ? "$(check)" : "$(blank)"} ${model.title}`,
    description: model.size,
    detail: model.description,
    model,
  }));
  const picked = await window.showQuickPick(items, {
    title: "Warmline: which model should write?",
    matchOnDetail: true,
  });
  return picked?.model;
}

/** Download and convert a model. Returns whether it is there; false when the user stops it. */
async function pullModel(command: string, model: Model, log: LogOutputChannel): Promise<boolean> {
  const title = `Warmline: getting ${model.title}`;
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  return await window.withProgress(options, async (progress, token) => {
    const aborter = new AbortController();
    token.onCancellationRequested(() => {
      aborter.abort();
    });
    const ended = await runProgram(command, ["models", "pull", model.name], {
      timeoutMs: PULL_TIMEOUT_MS,
      signal: aborter.signal,
      onLine: (line) => {
        log.info(line);
        const { message, percent } = parsePullLine(line);
        const share = percent === undefined ? "" : ` ${String(percent)}%`;
        progress.report({ message: `${message}${share}` });
      },
    });
    if (aborter.signal.aborted) {
      return false;
    }
    if (ended.code !== 0) {
      throw new Error(`${model.title} could not be had: ${ended.stderr.trim()}`);
    }
    return true;
  });
}
