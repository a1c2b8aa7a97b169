// What has to be run to install the server. No editor in here, and nothing is run here.
import { pathRules, programName } from "../serverCommand";

const TORCH_FOR_PROCESSORS = "https://download.pytorch.org/whl/cpu";

/** What to install, and where. */
export interface InstallRequest {
  readonly platform: NodeJS.Platform;
  readonly hasNvidiaGpu: boolean;
  /** The Python to make the environment with. */
  readonly interpreter: string;
  /** The new environment; it must not be there. */
  readonly folder: string;
  /** Warmline's own wheel. */
  readonly wheel: string;
  /** A file with exact versions of all packages, if there is one. */
  readonly constraints?: string | undefined;
  /** Without any network: all packages lie beside the wheel. */
  readonly isOffline: boolean;
}

/** One program to run, and what it does, for people. */
export interface InstallStep {
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** The programs to run, in order; each only after the one before has succeeded. */
export function planInstall(request: InstallRequest): InstallStep[] {
  const python = environmentProgram(request.folder, "python", request.platform);
  const install = (title: string, what: readonly string[]): InstallStep => ({
    title,
    command: python,
    args: ["-m", "pip", "install", ...pipOptions(request), ...what],
  });
  return [
    {
      title: "Making an environment",
      command: request.interpreter,
      args: ["-m", "venv", request.folder],
    },
    install("Installing torch, the largest part", [...torchOptions(request), "torch"]),
    install("Installing Warmline", [request.wheel]),
  ];
}

/** Where an environment keeps a program. */
export function environmentProgram(
  folder: string,
  name: string,
  platform: NodeJS.Platform,
): string {
  const programs = platform === "win32" ? "Scripts" : "bin";
  return pathRules(platform).join(folder, programs, programName(name, platform));
}

/** Whether this machine has an NVIDIA GPU whose driver runs, as far as torch could use it. */
export function hasNvidiaGpu(
  platform: NodeJS.Platform,
  exists: (file: string) => boolean,
): boolean {
  // The device is there in containers too, where /proc may not tell of the driver.
  return (
    platform === "linux" &&
    ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg"].some(exists)
  );
}

function pipOptions(request: InstallRequest): string[] {
  const versions = request.constraints === undefined ? [] : ["--constraint", request.constraints];
  const wheels = pathRules(request.platform).dirname(request.wheel);
  const sources = request.isOffline ? ["--no-index", "--find-links", wheels] : [];
  return [
    "--disable-pip-version-check",
    "--no-input",
    "--progress-bar",
    "off",
    ...versions,
    ...sources,
  ];
}

/**
 * On Linux pip's choice is the CUDA build, some gigabytes; elsewhere it is right by itself.
 * As an extra source its build wins, as its version is the higher one; where the source cannot be
 * reached, such as behind a mirror, what the mirror has is taken.
 */
function torchOptions(request: InstallRequest): string[] {
  const isWanted = request.platform === "linux" && !request.hasNvidiaGpu && !request.isOffline;
  return isWanted ? ["--extra-index-url", TORCH_FOR_PROCESSORS] : [];
}

/** The version in a wheel's file name; undefined when it is not a wheel of Warmline. */
export function versionOfWheel(file: string): string | undefined {
  return /(?:^|[\\/])warmline-([^-\\/]+)-[^\\/]+\.whl$/.exec(file)?.[1];
}
