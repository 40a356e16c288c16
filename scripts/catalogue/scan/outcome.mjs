// Gives a scan that failed its name, from how the process ended and from what it wrote to stderr. What a server wrote is read, never repeated.

/** Every status of the report, and what it means. `ok` and `duplicate_tools` come with a file in catalogue/servers. */
export const STATUSES = {
  ok: 'listed its tools',
  duplicate_tools: 'listed its tools, and at least one name more than once',
  no_tools: 'answered, and offers no tools as it was started',
  install_failed: 'the package, or something it depends on, could not be installed',
  install_timeout: 'the installation took too long',
  no_wheel: 'it, or something it needs, is withdrawn or exists as source only: building it would run code of others',
  package_too_large: 'the installed package takes more room than a scan allows',
  no_interpreter: 'the interpreter that it needs is not on this machine',
  no_command: 'the package has no executable, or several and the list names none',
  cannot_start: 'the executable could not be started',
  exited: 'ended by itself before it listed its tools',
  credentials_needed: 'ended or hung over credentials or settings that it did not accept',
  needs_network: 'ended or hung because it reaches for the network before it lists its tools',
  needs_native_code: 'ended for want of compiled parts, which only an installation script makes',
  broken_package: 'ended because code that it imports is missing or does not fit',
  garbage: 'wrote something that is no message in place of its answers',
  timeout: 'did not answer in time',
  over_memory: 'used more memory than a scan allows',
  refused: 'answered with an error',
  protocol_error: 'answered in a way that breaks the protocol',
  endless_list: 'kept on sending pages of tools',
  too_large: 'listed more than a scan reads',
  scan_failed: 'could not be scanned for a reason of the scanner',
};

const SIGNS = [
  ['needs_native_code', /\.node['"]?\s*$|Could not locate the bindings file|node-gyp|prebuild-install|Cannot find module '[^']*\.node'|lib\w+\.so[.\d]*: cannot open/m],
  ['needs_network', /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|getaddrinfo|URLError)\b|[Nn]ame resolution|Name or service not known|[Nn]etwork is unreachable|[Cc]onnection refused|ConnectError|ConnectionError|Max retries exceeded|fetch failed|Failed to (fetch|make request)/],
  ['broken_package', /ModuleNotFoundError|ImportError|DependencyException|ERR_MODULE_NOT_FOUND|Cannot find (module|package) |ERR_REQUIRE_ESM|SyntaxError/],
  ['credentials_needed', /api[ _-]?key|token|credential|password|unauthori[sz]ed|environment variable|env(ironment)? var|is required|are required|must be (set|provided)|not (set|configured)|missing required|missing .*(argument|option|parameter|env)|usage:|required option|expected .* argument/i],
];

/**
 * @param {object} run what the lister said, and how it ended
 * @returns {string} a key of STATUSES
 */
export function statusOf({ exceeded, status, message, stderr }) {
  if (exceeded === 'memory') return 'over_memory';
  if (exceeded === 'time') return 'timeout';
  if (status === undefined) return 'scan_failed';
  if (status === 'refused' && /has no tools/.test(message)) return 'no_tools';
  if (status === 'timeout' && /is no message/.test(message)) return 'garbage';
  if (status === 'refused') return signOf(message) ?? status;
  if (status === 'exited' || status === 'timeout' || status === 'credentials_needed') return signOf(stderr) ?? status;
  return Object.hasOwn(STATUSES, status) ? status : 'scan_failed';
}

function signOf(stderr) {
  // The last lines tell why it ended; code in a backtrace and warnings about optional settings stand before them.
  for (const characters of [400, 2_000]) {
    const found = SIGNS.find(([, pattern]) => pattern.test(stderr.trimEnd().slice(-characters)));
    if (found !== undefined) return found[0];
  }
  return null;
}
