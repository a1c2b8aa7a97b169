// The one reader and writer of settings.
import { ConfigurationTarget, workspace } from "vscode";
import { toggled } from "./languages";

export const SECTION = "warmline";

export function readServerPath(): string {
  return workspace.getConfiguration(SECTION).get("serverPath", "").trim();
}

/** All settings of the section, as the server reads them. */
export function readServerSettings(): unknown {
  // What the editor gives is an object with methods; as JSON only the values are left.
  return JSON.parse(JSON.stringify(workspace.getConfiguration(SECTION)));
}

export function readModel(): string {
  return workspace.getConfiguration(SECTION).get("model", "");
}

export async function writeModel(model: string): Promise<void> {
  await write("model", model);
}

/** Turn suggestions on or off; returns whether they are on. */
export async function toggleEnabled(): Promise<boolean> {
  const enabled = !workspace.getConfiguration(SECTION).get("enabled", true);
  await write("enabled", enabled);
  return enabled;
}

/** Turn suggestions on or off for a language; returns whether they are on for it. */
export async function toggleLanguage(language: string): Promise<boolean> {
  const before = workspace.getConfiguration(SECTION).get<string[]>("disabledLanguages", []);
  const languages = toggled(before, language);
  await write("disabledLanguages", languages);
  return !languages.includes(language);
}

/** Write a setting where the user has set it, else for everywhere. */
async function write(name: string, value: unknown): Promise<void> {
  const configuration = workspace.getConfiguration(SECTION);
  const isInWorkspace = configuration.inspect(name)?.workspaceValue !== undefined;
  const target = isInWorkspace ? ConfigurationTarget.Workspace : ConfigurationTarget.Global;
  await configuration.update(name, value, target);
}
