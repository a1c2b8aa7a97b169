// The one reader of settings.
import { ConfigurationTarget, workspace } from "vscode";

export const SECTION = "warmline";

/** Settings that the server reads; the names are those of the protocol. */
export interface ServerSettings {
  readonly enabled: boolean;
  readonly model: string;
  readonly maxTokens: number;
}

export function readServerPath(): string {
  return workspace.getConfiguration(SECTION).get("serverPath", "").trim();
}

export function readServerSettings(): ServerSettings {
  const configuration = workspace.getConfiguration(SECTION);
  return {
    enabled: configuration.get("enabled", true),
    model: configuration.get("model", ""),
    maxTokens: configuration.get("maxTokens", 0),
  };
}

/** Turn suggestions on or off where the user has set them, else everywhere. */
export async function toggleEnabled(): Promise<boolean> {
  const configuration = workspace.getConfiguration(SECTION);
  const isInWorkspace = configuration.inspect("enabled")?.workspaceValue !== undefined;
  const target = isInWorkspace ? ConfigurationTarget.Workspace : ConfigurationTarget.Global;
  const enabled = !configuration.get("enabled", true);
  await configuration.update("enabled", enabled, target);
  return enabled;
}
