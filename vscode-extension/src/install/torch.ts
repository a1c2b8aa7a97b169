// Which build of torch is right for a machine. No editor in here.
import * as path from "node:path";
import type { RunProgram } from "../programs";
import { programName, programsOnPath } from "../serverCommand";

const PYTORCH = "https://download.pytorch.org/whl";
const ANSWER_TIMEOUT_MS = 20_000; // a GPU that sleeps takes some seconds to wake

/** What `nvidia-smi` says of a GPU. */
export interface Gpu {
  readonly name: string;
  /** The driver's version: its first number. */
  readonly driver: number;
  /** The compute capability, such as 8.9. */
  readonly capability: number;
}

/** A build of torch: where pip finds it, and why it is this one, for people. */
export interface TorchBuild {
  readonly title: string;
  readonly hasCuda: boolean;
  readonly pipOptions: readonly string[];
}

/** The questions that `nvidia-smi` answers with one line for each GPU. */
export const GPU_QUESTION = [
  "--query-gpu=name,driver_version,compute_cap",
  "--format=csv,noheader",
] as const;

/**
 * The builds of torch 2.13 for CUDA, and what each needs.
 *
 * Source: PyTorch's support matrix of 2.12 and later, NVIDIA's release notes of CUDA 13.0 and 12.6.
 */
const CUDA_BUILDS = [
  { cuda: "13.0", index: "cu130", driver: 580, capability: 7.5 },
  { cuda: "12.6", index: "cu126", driver: 528, capability: 5 },
] as const;

/** Where `nvidia-smi` may be: on the search path, else where drivers put it. */
export function gpuToolPlaces(
  searchPath: string,
  platform: NodeJS.Platform,
  systemRoot = "C:\\Windows",
): string[] {
  const onPath = programsOnPath([programName("nvidia-smi", platform)], searchPath, platform);
  switch (platform) {
    case "win32":
      return [...onPath, path.win32.join(systemRoot, "System32", "nvidia-smi.exe")];
    case "linux":
      return [...onPath, "/usr/lib/wsl/lib/nvidia-smi"];
    default:
      return []; // there is no CUDA for other systems
  }
}

/** The GPUs in an answer of `nvidia-smi`; lines that are none are left out. */
export function parseGpus(answer: string): Gpu[] {
  return answer.split(/\r?\n/).flatMap((line) => {
    const [name, driver, capability] = line.split(",").map((each) => each.trim());
    const numbers = { driver: parseFloat(driver ?? ""), capability: parseFloat(capability ?? "") };
    const isGpu = name && Object.values(numbers).every(Number.isFinite);
    return isGpu
      ? [{ name, driver: Math.trunc(numbers.driver), capability: numbers.capability }]
      : [];
  });
}

/** Ask the first `nvidia-smi` that answers; no GPU where none does. */
export async function askGpus(places: readonly string[], run: RunProgram): Promise<Gpu[]> {
  for (const place of places) {
    try {
      const ended = await run(place, GPU_QUESTION, { timeoutMs: ANSWER_TIMEOUT_MS });
      if (ended.code === 0) {
        return parseGpus(ended.stdout);
      }
    } catch {
      // It cannot be run or hangs, as it does where the driver is broken: no GPU for torch either.
    }
  }
  return [];
}

/** Choose among the builds: for the best GPU that one of them can use, else for processors. */
export function chooseTorch(platform: NodeJS.Platform, gpus: readonly Gpu[]): TorchBuild {
  if (platform === "darwin") {
    return { title: "torch as it is made for macOS", hasCuda: false, pipOptions: [] };
  }
  const [gpu] = gpus.toSorted((one, other) => other.capability - one.capability);
  if (gpu === undefined) {
    return forProcessors(platform, "as no NVIDIA GPU answers");
  }
  const build = CUDA_BUILDS.find(
    ({ driver, capability }) => gpu.driver >= driver && gpu.capability >= capability,
  );
  if (build === undefined) {
    const found = `${gpu.name} with the driver ${String(gpu.driver)}`;
    return forProcessors(platform, `as ${found} is too old for CUDA 12.6`);
  }
  return {
    title: `torch for CUDA ${build.cuda} (${gpu.name})`,
    hasCuda: true,
    // On Linux the build for CUDA 13.0 is the one that pip takes by itself.
    pipOptions: platform === "linux" && build.cuda === "13.0" ? [] : extraIndex(build.index),
  };
}

function forProcessors(platform: NodeJS.Platform, reason: string): TorchBuild {
  return {
    title: `torch for processors, ${reason}`,
    hasCuda: false,
    // On Windows it is the one that pip takes by itself.
    pipOptions: platform === "win32" ? [] : extraIndex("cpu"),
  };
}

/**
 * As an extra source its build wins, as its version is the higher one; where the source cannot be
 * reached, such as behind a mirror, what the mirror has is taken.
 */
function extraIndex(name: string): string[] {
  return ["--extra-index-url", `${PYTORCH}/${name}`];
}
