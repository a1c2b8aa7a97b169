// What is put into the page: it notes when keys are pressed, requests leave and ghost text comes.
// All times are milliseconds since 1970, by the clock that processes of this machine share.

export const GHOST = '.editor-instance .monaco-editor [class*="ghost-text"]';

/** To be run in a page before anything else of it. */
export function watchGhost(ghost) {
  const now = () => performance.timeOrigin + performance.now();
  const isThere = () =>
    [...document.querySelectorAll(ghost)].some((part) => part.textContent.trim() !== "");
  let watched;

  // The editor's own delay ends where its call of the extension host goes into the socket.
  const send = WebSocket.prototype.send;
  const decoder = new TextDecoder("latin1");
  WebSocket.prototype.send = function (data) {
    const bytes = typeof data === "string" ? undefined : data;
    if (watched?.key && bytes && decoder.decode(bytes).includes("$provideInlineCompletions")) {
      watched.sent = now(); // the last one before ghost text comes is the one that brings it
    }
    return send.call(this, data);
  };

  window.addEventListener(
    "keydown",
    (event) => {
      if (watched && !watched.key) {
        watched.key = performance.timeOrigin + event.timeStamp;
      }
    },
    { capture: true },
  );

  /** From now on the next key is watched; `window.ghostSeen` is what is known when text comes. */
  window.watchNextKey = () => {
    watched = {};
    const mine = watched;
    window.ghostSeen = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (mine.key && isThere()) {
          observer.disconnect();
          watched = undefined;
          resolve({ ...mine, ghost: now() });
        }
      });
      const what = { subtree: true, childList: true, attributeFilter: ["class"] };
      observer.observe(document.body, what);
    });
  };
}
