// `warmline doctor`, shown beside the editor.
import { ProgressLocation, window } from "vscode";
import { runProgram } from "./programs";
import { readModel } from "./settings";
import { doctorContent } from "./views/doctorPage";
import type { Panel } from "./views/panel";

const TIMEOUT_MS = 120_000;

/** Look at everything and show what was found. */
export async function showDoctor(command: string, panel: Panel): Promise<void> {
  const model = readModel();
  const args = ["doctor", "--json", ...(model === "" ? [] : ["--model", model])];
  const options = { location: ProgressLocation.Window, title: "Warmline looks for problems" };
  await window.withProgress(options, async () => {
    const { stdout, stderr } = await runProgram(command, args, { timeoutMs: TIMEOUT_MS });
    // It ends with 1 where something is broken, which is what is to be shown.
    if (stdout.trim() === "") {
      throw new Error(`warmline doctor said nothing: ${stderr.trim().slice(-500)}`);
    }
    panel.show(doctorContent(stdout));
  });
  panel.reveal();
}
