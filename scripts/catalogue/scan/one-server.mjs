// Scans one server: installs it, starts it twice in the sandbox at different places, lists its tools, and clears up.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runBounded } from './bounded.mjs';
import { install, InstallFailure } from './install.mjs';
import { statusOf } from './outcome.mjs';
import { sandboxed } from './sandbox.mjs';

const PACKAGE_BYTES = 2 * 1024 * 1024 * 1024;

/** Two places: a definition that names the directory it was started in has another hash in each. */
const PLACES = [
  { home: '/home/scan', cwd: '/home/scan/work' },
  { home: '/home/second', cwd: '/home/second/place/of/work' },
];

/**
 * @param {import('./list-file.mjs').Entry} entry
 * @param {{ cache: string, node: string, lister: string, hidden: string[], job: number, timeoutMs: number, memoryBytes: number, keep: boolean }} how
 * @returns {Promise<{ status: string, version: string | null, log: string, listing: string | null, sha256: (string | null)[] }>}
 *   listing: the text that lister.mjs wrote; sha256: null where the two starts differ; log: for the cache only
 */
export async function scanServer(entry, how) {
  const folder = join(how.cache, 'packages', entry.slug);
  const scratch = join(how.cache, 'scratch', entry.slug);
  try {
    const installed = await install(entry, { folder, cache: how.cache, node: how.node });
    if (bytesOf(folder) > PACKAGE_BYTES) return failed('package_too_large', installed.version);
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    const first = await list(entry, { ...installed, scratch }, PLACES[0], how);
    if (first.status !== null) return failed(first.status, installed.version, first.log);
    const second = await list(entry, { ...installed, scratch }, PLACES[1], how);
    if (second.status !== null) return failed(second.status, installed.version, second.log);
    const { tools, sha256 } = JSON.parse(first.listing);
    if (tools.length === 0) return failed('no_tools', installed.version, first.log);
    const again = hashesByName(JSON.parse(second.listing));
    const stable = sha256.map((hash, index) => (again.get(nameOf(tools[index]))?.has(hash) === true ? hash : null));
    return { status: 'ok', version: installed.version, log: first.log, listing: first.listing, sha256: stable };
  } catch (error) {
    if (error instanceof InstallFailure) return failed(error.status, null, `${error.message}\n${error.log}`);
    return failed('scan_failed', null, String(error.stack));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    if (!how.keep) rmSync(folder, { recursive: true, force: true });
  }
}

function failed(status, version, log = '') {
  return { status, version, log, listing: null, sha256: [] };
}

async function list(entry, installed, place, how) {
  const runs = join(how.cache, 'runs');
  mkdirSync(runs, { recursive: true });
  const request = join(runs, `${entry.slug}.request.json`);
  const output = join(runs, `${entry.slug}.listing.json`);
  rmSync(output, { force: true });
  const at = (text) => text.replaceAll('{home}', place.home).replaceAll('{cwd}', place.cwd);
  const all = (texts) => Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, at(value)]));
  const command = sandboxed({ ...installed, ...place, command: installed.command.map(at), env: all(entry.env), files: all(entry.files), hidden: how.hidden, job: how.job });
  writeFileSync(request, JSON.stringify({ command, timeoutMs: how.timeoutMs, output }));
  try {
    const run = await runBounded([process.execPath, how.lister, request], { timeoutMs: 3 * how.timeoutMs, memoryBytes: how.memoryBytes });
    const said = lastJson(run.stdout);
    const log = `${said.status ?? ''} ${said.message ?? ''}\n${said.stderr ?? ''}\n${run.stderr}`.slice(-64_000);
    if (said.ok === true && run.exceeded === null) return { status: null, log, listing: readFileSync(output, 'utf8') };
    return { status: statusOf({ exceeded: run.exceeded, status: said.status, message: said.message ?? '', stderr: said.stderr ?? '' }), log, listing: null };
  } finally {
    rmSync(request, { force: true });
    rmSync(output, { force: true });
  }
}

function lastJson(text) {
  try {
    return JSON.parse(text.trim().split('\n').at(-1));
  } catch {
    return {};
  }
}

/** Lists may come in another order each time: definitions are compared by name. */
function hashesByName({ tools, sha256 }) {
  const hashes = new Map();
  for (const [index, tool] of tools.entries()) hashes.set(nameOf(tool), (hashes.get(nameOf(tool)) ?? new Set()).add(sha256[index]));
  return hashes;
}

function nameOf(tool) {
  return typeof tool?.name === 'string' ? tool.name : null;
}

function bytesOf(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}
