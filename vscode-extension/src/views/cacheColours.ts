// The colours of a live cache in an editor's gutter and overview ruler.
import {
  OverviewRulerLane,
  Range,
  ThemeColor,
  Uri,
  window,
  type Disposable,
  type TextEditor,
  type TextEditorDecorationType,
} from "vscode";
import { TOKEN_STATES, type TokenState } from "./cacheMap";

/** For dark themes and for light ones; the ruler takes the theme's own. */
const COLOURS: Record<TokenState, { dark: string; light: string; theme: string }> = {
  exact: { dark: "#89d185", light: "#388a34", theme: "charts.green" },
  kept: { dark: "#3794ff", light: "#1a85ff", theme: "charts.blue" },
  moved: { dark: "#cca700", light: "#bf8803", theme: "charts.yellow" },
  encoded: { dark: "#b180d7", light: "#652d90", theme: "charts.purple" },
};

// Wider for more work, so that the gutter can be read without colours.
const WIDTHS: Record<TokenState, number> = { exact: 3, kept: 5, moved: 8, encoded: 12 };

export class CacheColours implements Disposable {
  private readonly types: Record<TokenState, TextEditorDecorationType> = {
    exact: typeFor("exact"),
    kept: typeFor("kept"),
    moved: typeFor("moved"),
    encoded: typeFor("encoded"),
  };

  /** Colour the lines that have a state; none takes all colours away. */
  paint(editor: TextEditor, states: readonly (TokenState | undefined)[]): void {
    for (const wanted of TOKEN_STATES) {
      const ranges = states.flatMap((state, line) =>
        state === wanted ? [new Range(line, 0, line, 0)] : [],
      );
      editor.setDecorations(this.types[wanted], ranges);
    }
  }

  clear(): void {
    window.visibleTextEditors.forEach((editor) => {
      this.paint(editor, []);
    });
  }

  dispose(): void {
    TOKEN_STATES.forEach((state) => {
      this.types[state].dispose();
    });
  }
}

function typeFor(state: TokenState): TextEditorDecorationType {
  const { dark, light, theme } = COLOURS[state];
  return window.createTextEditorDecorationType({
    isWholeLine: true,
    overviewRulerColor: new ThemeColor(theme),
    overviewRulerLane: OverviewRulerLane.Left,
    gutterIconSize: "contain",
    dark: { gutterIconPath: gutterIcon(dark, WIDTHS[state]) },
    light: { gutterIconPath: gutterIcon(light, WIDTHS[state]) },
  });
}

function gutterIcon(colour: string, width: number): Uri {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect x="${String(16 - width)}" width="${String(width)}" height="16" fill="${colour}"/></svg>`;
  return Uri.parse(`data:image/svg+xml;base64,${Buffer.from(drawing).toString("base64")}`);
}
