// Refuses to pack an extension that has grown too large; the server's wheel does not count.
import { readdirSync, statSync } from "node:fs";

const LIMIT_BYTES = 1_500_000;
const PROGRAMS = ["dist/extension.js", "dist/languageClient.js"];

const walkthrough = readdirSync("walkthrough").map((name) => `walkthrough/${name}`);
const packed = ["package.json", "README.md", ...PROGRAMS, ...walkthrough];
const bytes = packed.reduce((sum, file) => sum + statSync(file).size, 0);
if (bytes > LIMIT_BYTES) {
  throw new Error(
    `The extension has ${bytes} bytes unpacked, and ${LIMIT_BYTES} are the limit: find out with esbuild's --analyze what has been added to ${PROGRAMS.join(" or ")}.`,
  );
}
console.log(`The extension has ${bytes} bytes unpacked, of ${LIMIT_BYTES} at most.`);
