import assert from "node:assert/strict";
import { test } from "node:test";
import { findServerCommand, type Surroundings } from "../src/serverCommand";

function surroundings(
  programs: string[],
  searchPath = "/usr/bin:/opt/warmline/bin",
  platform: NodeJS.Platform = "linux",
): Surroundings {
  return { platform, searchPath, isExecutable: (file) => programs.includes(file) };
}

test("a configured path wins over the search path", () => {
  const found = findServerCommand(
    "/home/me/warmline",
    surroundings(["/usr/bin/warmline", "/home/me/warmline"]),
  );
  assert.deepEqual(found, { command: "/home/me/warmline" });
});

test("a configured path that cannot be started is a problem, never a silent search", () => {
  const found = findServerCommand("/home/me/warmline", surroundings(["/usr/bin/warmline"]));
  assert.ok("problem" in found);
  assert.match(found.problem, /"\/home\/me\/warmline"/);
});

test("a relative configured path is refused, for it would depend on the open folder", () => {
  const found = findServerCommand("bin/warmline", surroundings(["bin/warmline"]));
  assert.ok("problem" in found);
  assert.match(found.problem, /not an absolute path/);
});

test("without a setting the first on the search path is taken", () => {
  const found = findServerCommand(
    "",
    surroundings(["/opt/warmline/bin/warmline", "/usr/bin/warmline"]),
  );
  assert.deepEqual(found, { command: "/usr/bin/warmline" });
});

test("relative and empty entries of the search path are skipped", () => {
  const found = findServerCommand("", surroundings(["warmline", "bin/warmline"], ":bin:.:"));
  assert.ok("problem" in found);
});

test("on Windows the program ends in .exe and entries are parted by semicolons", () => {
  const program = "C:\\tools\\warmline.exe";
  const found = findServerCommand("", surroundings([program], "C:\\other;C:\\tools", "win32"));
  assert.deepEqual(found, { command: program });
});

test("when nothing is found the message says which step to take", () => {
  const found = findServerCommand("", surroundings([]));
  assert.ok("problem" in found);
  assert.match(found.problem, /set warmline\.serverPath/);
});

test("an installed server is taken when there is none on the search path", () => {
  const installed = "/home/me/.config/Code/server-1/bin/warmline";
  const around = { ...surroundings([installed]), installed };
  assert.deepEqual(findServerCommand("", around), { command: installed });
  const both = { ...surroundings([installed, "/usr/bin/warmline"]), installed };
  assert.deepEqual(findServerCommand("", both), { command: "/usr/bin/warmline" });
});

test("an installed server that is gone is not taken", () => {
  const found = findServerCommand("", { ...surroundings([]), installed: "/gone/bin/warmline" });
  assert.ok("problem" in found);
});

test("on Windows a script is refused with what to name instead", () => {
  for (const script of ["C:\\t\\warmline.cmd", "C:\\t\\warmline.BAT", "C:\\t\\warmline.ps1"]) {
    const found = findServerCommand(script, surroundings([script], "", "win32"));
    assert.ok("problem" in found);
    assert.match(found.problem, /warmline\.exe/);
  }
});

test("what is advised has the form of the system's paths", () => {
  const found = findServerCommand("", surroundings([], "", "win32"));
  assert.ok("problem" in found);
  assert.match(found.problem, /Scripts\\warmline\.exe/);
});

test("on macOS and Windows a path of one's own is judged by the system's rules", () => {
  const mac = "/Users/Jo Doe/warmline";
  assert.deepEqual(findServerCommand(mac, surroundings([mac], "", "darwin")), { command: mac });
  const windows = "D:\\Program Files\\warmline.exe";
  const found = findServerCommand(windows, surroundings([windows], "", "win32"));
  assert.deepEqual(found, { command: windows });
  const share = "\\\\server\\share\\warmline.exe";
  assert.ok("command" in findServerCommand(share, surroundings([share], "", "win32")));
  assert.ok("problem" in findServerCommand("tools\\warmline.exe", surroundings([], "", "win32")));
});
