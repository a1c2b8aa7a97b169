// What `warmline models list --json` and `models pull` say. No editor in here.
import { asNumberOrNone, asObject, asText, objectsIn } from "../json";
import { inBytes } from "../text";

/** A model that can be had. */
export interface Model {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly isReady: boolean;
  readonly size: string;
}

/** Read the models out of the list; damaged entries are left out. */
export function parseModels(text: string): Model[] {
  return objectsIn(asObject(JSON.parse(text))["models"])
    .filter((entry) => asText(entry["name"]) !== "")
    .map((entry) => ({
      name: asText(entry["name"]),
      title: asText(entry["title"]) || asText(entry["name"]),
      description: asText(entry["description"]),
      isReady: entry["state"] === "ready",
      size: sizeOf(entry["state"], entry["bytes_on_disk"], entry["download_bytes"]),
    }));
}

function sizeOf(state: unknown, onDisk: unknown, download: unknown): string {
  const [diskBytes, downloadBytes] = [asNumberOrNone(onDisk), asNumberOrNone(download)];
  const toDownload = downloadBytes === undefined ? "size unknown" : inBytes(downloadBytes);
  switch (state) {
    case "ready":
      return diskBytes === undefined ? "on disk" : `${inBytes(diskBytes)} on disk`;
    case "partial":
      return `${toDownload} to download, ${inBytes(diskBytes ?? 0)} of it here`;
    case "damaged":
      return `damaged; ${toDownload} to download again`;
    default:
      return `${toDownload} to download`;
  }
}

/** How far a pull is: what it does, and the percentage where it is known. */
export interface PullProgress {
  readonly message: string;
  readonly percent: number | undefined;
}

/** Read a line that a pull writes, such as "Downloading part 2 of 6: 40%". */
export function parsePullLine(line: string): PullProgress {
  const [, message, percent] = /^(.*): (\d{1,3})%$/.exec(line.trim()) ?? [];
  return percent === undefined
    ? { message: line.trim(), percent: undefined }
    : { message: message ?? "", percent: Math.min(100, Number(percent)) };
}
