// Asks how to install the server, and installs it.
import { existsSync, readdirSync } from "node:fs";
import * as path from "node:path";
import { ProgressLocation, window, type LogOutputChannel, type Progress } from "vscode";
import { runProgram } from "../programs";
import type { Environments } from "./environments";
import { removeFolder } from "./environments";
import { runInstall } from "./installing";
import { askInterpreter, interpreterPlaces, type Interpreter } from "./interpreters";
import { hasNvidiaGpu, planInstall, versionOfWheel } from "./plan";

/** Where Warmline's wheel is, and whether the network may be used for the rest. */
interface Source {
  readonly wheel: string;
  readonly isOffline: boolean;
}

/** The wheel that is packed with the extension, if one is. */
export function packedWheel(extensionFolder: string): string | undefined {
  const folder = path.join(extensionFolder, "server");
  const name = existsSync(folder) && readdirSync(folder).find((each) => versionOfWheel(each));
  return name ? path.join(folder, name) : undefined;
}

/** Ask for what is needed and install. Returns whether a new server is there. */
export async function installServer(
  extensionFolder: string,
  environments: Environments,
  log: LogOutputChannel,
): Promise<boolean> {
  const source = await chooseSource(packedWheel(extensionFolder));
  const interpreter = source && (await chooseInterpreter());
  if (!interpreter) {
    return false;
  }
  const constraints = path.join(extensionFolder, "server", "constraints.txt");
  const steps = {
    platform: process.platform,
    hasNvidiaGpu: hasNvidiaGpu(process.platform, existsSync),
    interpreter: interpreter.command,
    folder: environments.newFolder(Date.now()),
    constraints: existsSync(constraints) ? constraints : undefined,
    ...source,
  };
  try {
    await showInstall(planInstall(steps), log);
  } catch (error) {
    removeFolder(steps.folder);
    throw error;
  }
  environments.use({ folder: steps.folder, version: versionOfWheel(source.wheel) ?? "" });
  return true;
}

async function showInstall(
  steps: ReturnType<typeof planInstall>,
  log: LogOutputChannel,
): Promise<void> {
  const options = {
    location: ProgressLocation.Notification,
    title: "Warmline",
    cancellable: true,
  };
  await window.withProgress(options, async (progress: Progress<{ message: string }>, token) => {
    const aborter = new AbortController();
    token.onCancellationRequested(() => {
      aborter.abort();
    });
    let title = "";
    const listener = {
      onStep: (step: { title: string; command: string; args: readonly string[] }): void => {
        title = step.title;
        log.info(`${title}: ${[step.command, ...step.args].join(" ")}`);
        progress.report({ message: title });
      },
      onLine: (line: string): void => {
        log.info(line);
        progress.report({ message: `${title}: ${line.trim().slice(0, 60)}` });
      },
    };
    await runInstall(steps, runProgram, listener, aborter.signal);
  });
}

async function chooseSource(packed: string | undefined): Promise<Source | undefined> {
  const items = [
    ...(packed === undefined
      ? []
      : [{ label: "From the internet", detail: "About 300 MB to download, 1.5 GB on disk." }]),
    {
      label: "From a wheel file, the rest from the internet…",
      detail: "A file such as warmline-0.1.0-py3-none-any.whl.",
    },
    {
      label: "From a folder of wheels, without network…",
      detail: "Choose Warmline's wheel; all that it needs must lie beside it.",
    },
  ];
  const picked = await window.showQuickPick(items, {
    title: "Warmline: where should the server come from?",
  });
  if (picked === undefined) {
    return undefined;
  }
  if (packed !== undefined && picked === items[0]) {
    return { wheel: packed, isOffline: false };
  }
  const wheel = await chooseFile("Choose Warmline's Wheel", { Wheels: ["whl"] });
  if (wheel === undefined) {
    return undefined;
  }
  if (versionOfWheel(wheel) === undefined) {
    throw new Error(`${wheel} is not a wheel of Warmline: one is called warmline-….whl.`);
  }
  return { wheel, isOffline: picked === items.at(-1) };
}

async function chooseInterpreter(): Promise<Interpreter | undefined> {
  const other = "Another Python…";
  const found = await findInterpreters();
  const items = [
    ...found.map((each) => ({ label: `Python ${each.version}`, description: each.command })),
    { label: other, description: "" },
  ];
  const picked = await window.showQuickPick(items, {
    title: "Warmline: which Python should run the server? (3.11 or newer)",
  });
  if (picked === undefined) {
    return undefined;
  }
  const command =
    picked.label === other
      ? await chooseFile("Choose a Python Interpreter", {})
      : picked.description;
  if (command === undefined) {
    return undefined;
  }
  const judged = await askInterpreter(command, runProgram);
  if ("problem" in judged) {
    throw new Error(judged.problem);
  }
  return judged.interpreter;
}

async function findInterpreters(): Promise<Interpreter[]> {
  const places = interpreterPlaces(process.env["PATH"] ?? "", process.platform).filter(existsSync);
  const judged = await Promise.all(places.map((place) => askInterpreter(place, runProgram)));
  return judged.flatMap((each) => ("interpreter" in each ? [each.interpreter] : []));
}

async function chooseFile(
  openLabel: string,
  filters: Record<string, string[]>,
): Promise<string | undefined> {
  const files = await window.showOpenDialog({ openLabel, filters, canSelectMany: false });
  return files?.[0]?.fsPath;
}
