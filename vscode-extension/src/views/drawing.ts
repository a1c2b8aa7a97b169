// Small pictures of numbers. Widths are attributes, since the page allows no inline style.
import { Html, html } from "./html";

/** A part of a strip: how wide it is, how high (0 to 1), and its style. */
export interface StripPart {
  readonly style: string;
  readonly size: number;
  readonly height: number;
}

/** A bar that is filled up to a share from 0 to 1. */
export function bar(share: number): Html {
  const width = (100 * Math.min(1, Math.max(0, share))).toFixed(1);
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" width="100" height="10"></rect>
    <rect width="${width}" height="10"></rect>
  </svg>`;
}

/** Parts side by side, each as wide as its size, standing on the ground. */
export function strip(parts: readonly StripPart[], label: string): Html {
  const total = parts.reduce((sum, part) => sum + part.size, 0);
  let start = 0;
  const drawn = parts.map((part) => {
    const x = start;
    start += part.size;
    return html`<rect
      class="${part.style}"
      x="${x}"
      width="${part.size}"
      y="${((1 - part.height) * 36).toFixed(1)}"
      height="${(part.height * 36).toFixed(1)}"
    ></rect>`;
  });
  return html`<svg
    class="strip"
    viewBox="0 0 ${Math.max(1, total)} 36"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}"
  >
    ${drawn}
  </svg>`;
}

/** A square in a part's colour, for a legend. */
export function key(style: string): Html {
  return html`<svg class="key" viewBox="0 0 14 14" aria-hidden="true">
    <rect class="${style}" width="14" height="14"></rect>
  </svg>`;
}
