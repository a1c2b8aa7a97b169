// The environments that the extension has installed. One is in use; a file names it.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { asObject, asText } from "../json";
import { environmentProgram } from "./plan";

const RECORD = "current.json";
const PREFIX = "server-";

/** An environment with the server in it. */
export interface Environment {
  readonly folder: string;
  readonly version: string;
}

/** Knows the environments below one folder. Each is whole from the moment it is recorded. */
export class Environments {
  constructor(
    private readonly root: string,
    private readonly platform: NodeJS.Platform,
  ) {}

  /** The environment in use; undefined when there is none, or its record cannot be read. */
  current(): Environment | undefined {
    try {
      const record = asObject(JSON.parse(readFileSync(path.join(this.root, RECORD), "utf8")));
      const [name, version] = [asText(record["folder"]), asText(record["version"])];
      // Only names that this class gave: the record must not lead out of the folder.
      const isOurs = name.startsWith(PREFIX) && path.basename(name) === name;
      return isOurs ? { folder: path.join(this.root, name), version } : undefined;
    } catch {
      return undefined; // nothing was installed yet
    }
  }

  /** The server's program in the environment in use. */
  program(): string | undefined {
    const environment = this.current();
    return environment && environmentProgram(environment.folder, "warmline", this.platform);
  }

  /** A folder for a new environment, which is not there yet. */
  newFolder(now: number): string {
    mkdirSync(this.root, { recursive: true });
    return path.join(this.root, `${PREFIX}${String(now)}`);
  }

  /** Use an environment from now on. */
  use(environment: Environment): void {
    const record = path.join(this.root, RECORD);
    const { folder, version } = environment;
    writeFileSync(`${record}.new`, JSON.stringify({ folder: path.basename(folder), version }));
    renameSync(`${record}.new`, record);
  }

  /** Remove all environments but the one in use; what is still in use stays for the next time. */
  removeOthers(): void {
    const kept = this.current()?.folder;
    for (const name of readdirSync(this.root)) {
      const folder = path.join(this.root, name);
      if (name.startsWith(PREFIX) && folder !== kept) {
        removeFolder(folder);
      }
    }
  }
}

/** Remove a folder as far as that can be done now. */
export function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // Windows keeps files of running programs; the next installation removes them.
  }
}
