// The frame of every view: what it may load, its style, its few lines of script. No editor in here.
import { Html, html } from "./html";
import { STYLE } from "./style";

/** A click on a button with `data-place` tells its number; a message replaces the content. */
const SCRIPT = `
const editor = acquireVsCodeApi();
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-place]");
  if (button) editor.postMessage({ place: Number(button.dataset.place) });
});
window.addEventListener("message", (event) => {
  document.querySelector("main").innerHTML = event.data.content;
});
`;

/** A whole page. Nothing is loaded from anywhere; style and script run by the nonce alone. */
export function page(title: string, content: Html, nonce: string): string {
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style nonce="${nonce}">
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <main>${content}</main>
        <script nonce="${nonce}">
          ${new Html(SCRIPT)};
        </script>
      </body>
    </html>`.markup;
}
