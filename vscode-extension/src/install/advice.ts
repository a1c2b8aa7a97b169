// What to do about an installation that failed, by what its programs said. No editor in here.

const OTHER_PYTHON =
  "Choose another Python, of 64 bits and of a version from 3.11 to 3.13, for which all packages have builds.";

/** The step that mends a failure; the first that fits counts. */
const ADVICE: readonly (readonly [said: RegExp, advice: string])[] = [
  [
    /no space left|errno 28|not enough space on the disk/i,
    "Free some disk space: about 1.5 GB without CUDA, some gigabytes more with it.",
  ],
  [
    /ensurepip|no module named venv/i,
    "Install the venv module of that Python (on Debian and Ubuntu: apt install python3-venv), or choose another Python.",
  ],
  [
    /proxy authentication|proxyerror|cannot connect to proxy/i,
    "Set HTTPS_PROXY to your proxy with its user and password, start VS Code again, and repeat; or install from a folder of wheels.",
  ],
  [
    /certificate_verify_failed|sslerror|ssl: /i,
    "Name your network's certificates with `pip config set global.cert FILE`, and repeat; or install from a folder of wheels.",
  ],
  [
    /name resolution|getaddrinfo|failed to establish a new connection|network is unreachable|timed? ?out|connection (refused|reset|aborted)|max retries exceeded/i,
    "Look whether this machine reaches pypi.org, or set HTTPS_PROXY, and repeat; or install from a folder of wheels.",
  ],
  [
    /dll load failed|winerror 126|winerror 1114|vcruntime/i,
    "Install Microsoft's Visual C++ Redistributable for your processor, and repeat.",
  ],
  [
    /winerror 206|file ?name or extension is too long|long path/i,
    "Let Windows have long paths (LongPathsEnabled in the registry), and repeat.",
  ],
  [
    /failed building wheel|microsoft visual c\+\+ .* required|command '?\S*(gcc|cc|clang)'? failed/i,
    OTHER_PYTHON,
  ],
  [
    /permission denied|errno 13|access is denied|winerror (5|32)\b/i,
    "Close other windows that use the server, look whether a virus scanner holds its folder, and repeat.",
  ],
];

const MISSING_PACKAGE =
  /no matching distribution found for ([\w.-]+)|requirement ([\w.-]+)\S* \(from versions: none\)/i;

/** One sentence that says what to do; `wheelFolder` is given where the network was not used. */
export function adviceFor(said: string, wheelFolder: string | undefined): string {
  const known = ADVICE.find(([pattern]) => pattern.test(said));
  if (known !== undefined) {
    return known[1];
  }
  const [, found, required] = MISSING_PACKAGE.exec(said) ?? [];
  const missing = found ?? required;
  if (missing === undefined) {
    return "The log has all that was said.";
  }
  return wheelFolder === undefined
    ? OTHER_PYTHON
    : `Put a wheel of ${missing} for this system and this Python into ${wheelFolder}: on a machine like this one with a network, \`pip download -d FOLDER\` with Warmline's wheel gets all of them.`;
}
