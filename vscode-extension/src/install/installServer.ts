// Asks how to install the server, and installs it.
import { existsSync } from "node:fs";
import * as path from "node:path";
import { ProgressLocation, window, type LogOutputChannel, type OpenDialogOptions } from "vscode";
import { runProgram } from "../programs";
import type { Environments } from "./environments";
import { describeStage, install, type InstallListener } from "./installing";
import { askInterpreter, interpreterPlaces, type Interpreter } from "./interpreters";
import { versionOfWheel, wheelIn, type InstallRequest } from "./plan";
import { askGpus, chooseTorch, gpuToolPlaces, type TorchBuild } from "./torch";

/** Where Warmline's wheel is, and where the rest comes from: a folder, else the internet. */
interface Source {
  readonly wheel: string;
  readonly wheelFolder?: string;
}

/** Ask for what is needed and install. Returns whether a new server is there. */
export async function installServer(
  extensionFolder: string,
  environments: Environments,
  log: LogOutputChannel,
): Promise<boolean> {
  const torch = await findTorch();
  const serverFolder = path.join(extensionFolder, "server");
  const source = await chooseSource(wheelIn(serverFolder), torch);
  const interpreter = source && (await chooseInterpreter());
  if (!interpreter) {
    return false;
  }
  const constraints = path.join(serverFolder, "constraints.txt");
  const request = {
    platform: process.platform,
    torch,
    interpreter: interpreter.command,
    folder: environments.newFolder(Date.now()),
    constraints: existsSync(constraints) ? constraints : undefined,
    ...source,
  };
  await showInstall(request, environments, log);
  return true;
}

async function showInstall(
  request: InstallRequest,
  environments: Environments,
  log: LogOutputChannel,
): Promise<void> {
  const options = {
    location: ProgressLocation.Notification,
    title: "Warmline",
    cancellable: true,
  };
  await window.withProgress(options, async (progress, token) => {
    const aborter = new AbortController();
    token.onCancellationRequested(() => {
      aborter.abort();
    });
    const listener: InstallListener = {
      onStage: (stage) => {
        const { step, number, count } = stage;
        log.info(`${describeStage(stage)}: ${[step.command, ...step.args].join(" ")}`);
        const increment = number === 1 ? 0 : 100 / count;
        progress.report({ message: describeStage(stage), increment });
      },
      onLine: (line, stage) => {
        log.info(line);
        progress.report({ message: describeStage(stage, line) });
      },
    };
    await install(request, environments, runProgram, listener, aborter.signal);
  });
}

async function findTorch(): Promise<TorchBuild> {
  const { env, platform } = process;
  const places = gpuToolPlaces(env["PATH"] ?? "", platform, env["SystemRoot"]);
  return chooseTorch(platform, await askGpus(places.filter(existsSync), runProgram));
}

async function chooseSource(
  packed: string | undefined,
  torch: TorchBuild,
): Promise<Source | undefined> {
  const [internet, file, folder] = [
    {
      label: "From the internet",
      detail: `With ${torch.title}. ${sizeOf(torch)}`,
    },
    {
      label: "From a wheel file, the rest from the internet…",
      detail: "A file such as warmline-0.1.0-py3-none-any.whl.",
    },
    {
      label: "From a folder of wheels, without network…",
      detail: "All that Warmline needs must lie in it.",
    },
  ] as const;
  const picked = await window.showQuickPick(
    [...(packed === undefined ? [] : [internet]), file, folder],
    { title: "Warmline: where should the server come from?" },
  );
  switch (picked) {
    case internet:
      return packed === undefined ? undefined : { wheel: packed };
    case file:
      return await chooseWheel();
    case folder:
      return await chooseWheelFolder(packed);
    default:
      return undefined;
  }
}

function sizeOf({ hasCuda }: TorchBuild): string {
  return hasCuda
    ? "Some gigabytes to download, and more on disk."
    : "About 300 MB to download, 1.5 GB on disk.";
}

async function chooseWheel(): Promise<Source | undefined> {
  const wheel = await chooseFile("Choose Warmline's Wheel", { filters: { Wheels: ["whl"] } });
  if (wheel !== undefined && versionOfWheel(wheel) === undefined) {
    throw new Error(`${wheel} is not a wheel of Warmline: one is called warmline-….whl.`);
  }
  return wheel === undefined ? undefined : { wheel };
}

async function chooseWheelFolder(packed: string | undefined): Promise<Source | undefined> {
  const options = { canSelectFiles: false, canSelectFolders: true };
  const wheelFolder = await chooseFile("Choose the Folder of Wheels", options);
  if (wheelFolder === undefined) {
    return undefined;
  }
  const wheel = wheelIn(wheelFolder) ?? packed;
  if (wheel === undefined) {
    throw new Error(`${wheelFolder} has no wheel of Warmline: put one there, warmline-….whl.`);
  }
  return { wheel, wheelFolder };
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
    picked.label === other ? await chooseFile("Choose a Python Interpreter") : picked.description;
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
  options: OpenDialogOptions = {},
): Promise<string | undefined> {
  const chosen = await window.showOpenDialog({ openLabel, canSelectMany: false, ...options });
  return chosen?.[0]?.fsPath;
}
