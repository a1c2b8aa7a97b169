// Frames of a page as the browser draws them, and a moving picture made of them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

const LONGEST_STILL_S = 2.5; // a longer wait is cut, as on a machine that is busy
const LAST_S = 2;
const COLOURS =
  "split[all][again];[all]palettegen=stats_mode=full[palette];[again][palette]paletteuse=dither=none:diff_mode=rectangle";

/** How long each frame stands, in seconds, by when it and the next one were drawn. */
export function durationsOf(timestamps) {
  return timestamps.map((drawn, index) => {
    const next = timestamps[index + 1];
    return next === undefined ? LAST_S : Math.min(LONGEST_STILL_S, next - drawn);
  });
}

export class Film {
  #frames = [];

  static async start(page) {
    const film = new Film();
    film.session = await page.context().newCDPSession(page);
    film.session.on("Page.screencastFrame", ({ data, metadata, sessionId }) => {
      film.#frames.push({ data, drawn: metadata.timestamp });
      film.session.send("Page.screencastFrameAck", { sessionId }).catch(() => undefined);
    });
    await film.session.send("Page.startScreencast", { format: "png", everyNthFrame: 1 });
    return film;
  }

  /** End it, and write it as a GIF. */
  async write(file) {
    await this.session.send("Page.stopScreencast");
    const folder = mkdtempSync(path.join(tmpdir(), "warmline-film-"));
    const durations = durationsOf(this.#frames.map(({ drawn }) => drawn));
    const list = this.#frames.map(({ data }, index) => {
      writeFileSync(path.join(folder, `${index}.png`), Buffer.from(data, "base64"));
      return `file ${index}.png\nduration ${durations[index].toFixed(3)}\n`;
    });
    writeFileSync(path.join(folder, "list"), list.join(""));
    convert(["-f", "concat", "-i", path.join(folder, "list"), "-fps_mode", "vfr"], file);
    rmSync(folder, { recursive: true });
  }
}

/** Write a picture again with as few colours as it needs: a quarter of the size, and looks alike. */
export function shrink(file) {
  const full = `${file}.full.png`;
  spawnSync("mv", [file, full]);
  convert(["-i", full], file);
  rmSync(full);
}

function convert(input, file) {
  const { status, stderr } = spawnSync("ffmpeg", [
    ...["-y", "-loglevel", "error", ...input, "-filter_complex", COLOURS, file],
  ]);
  if (status !== 0) {
    throw new Error(`ffmpeg could not write ${file}: ${stderr}`);
  }
}
