// Bundles the extension into two files: what is loaded with the first source file, and the language
// client, ten times as large and loaded when a server is started. With --tests: each test file
// into one of its own.
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  logLevel: "warning",
};

if (process.argv.includes("--tests")) {
  const tests = readdirSync("test").filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common,
    entryPoints: tests.map((name) => `test/${name}`),
    outdir: "dist/test",
    sourcemap: "inline",
    alias: { vscode: "./test/double/vscode.ts" },
  });
} else {
  await build({
    ...common,
    entryPoints: ["src/extension.ts", "src/languageClient.ts"],
    // By a name that no file of the libraries has: they would be left out with it.
    external: ["vscode", "./languageClient"],
    // The editor gives `vscode` to what is required, and may not to what is imported.
    supported: { "dynamic-import": false },
    minify: true,
    outdir: "dist",
  });
}
