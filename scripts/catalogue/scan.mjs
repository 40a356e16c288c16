// Scans the servers of catalogue/servers.yaml and writes catalogue/servers/*.json and catalogue/scan-report.json. catalogue/README.md says how.
//
//   npm run catalogue:scan -- [--only SLUG,..] [--jobs N] [--fresh] [--retry] [--reclassify] [--pin] [--json] [--keep]
//     --only        these servers of the list
//     --jobs        servers at once (default 1)
//     --fresh       scan again what the cache knows
//     --retry       scan again what failed
//     --reclassify  make the records again from the definitions in the cache; starts and installs nothing
//     --pin         write the versions that were installed into entries of the list that have none
//     --keep        leave installed packages in the cache
//     --timeout     seconds that one answer may take (default 60)
//     --memory      megabytes that a server and what it starts may use (default 2048)
//     --json        the report on stdout
//     --list FILE  --out FOLDER  --cache FOLDER  --node PROGRAM  --copy FOLDER (raw definitions go there too)
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endFamily } from './scan/bounded.mjs';
import { bundle, keyOf, readOutcome, recordOf, removeStrangers, writeOutcome, writeRecord, writeReport } from './scan/data-files.mjs';
import { readList, withVersions } from './scan/list-file.mjs';
import { scanServer } from './scan/one-server.mjs';
import { checkSandbox, topDirectory } from './scan/sandbox.mjs';

const ROOT = resolve(fileURLToPath(new URL('../../', import.meta.url)));

function refuse(...lines) {
  for (const line of lines) process.stderr.write(`catalogue:scan: ${line}\n`);
  process.exit(2);
}

function readOptions() {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  try {
    return parseArgs({
      options: {
        only: text, jobs: { ...text, default: '1' }, timeout: { ...text, default: '60' }, memory: { ...text, default: '2048' }, fresh: flag, retry: flag, reclassify: flag, pin: flag, json: flag, keep: flag,
        list: { ...text, default: join(ROOT, 'catalogue/servers.yaml') },
        out: { ...text, default: join(ROOT, 'catalogue') },
        cache: { ...text, default: process.env.POLICYLAYER_SCAN_CACHE ?? (process.getuid?.() === 0 ? '/var/cache/policylayer-scan' : join(homedir(), '.cache/policylayer-scan')) },
        node: { ...text, default: process.execPath },
        copy: text,
      },
    }).values;
  } catch (error) {
    return refuse(error.message);
  }
}

const options = readOptions();
const jobs = Number(options.jobs);
const timeoutMs = Number(options.timeout) * 1_000;
if (!Number.isInteger(jobs) || jobs < 1 || jobs > 16) refuse('--jobs: expected a number from 1 to 16');
if (!(timeoutMs >= 1_000 && timeoutMs <= 600_000)) refuse('--timeout: expected seconds from 1 to 600');
const memoryBytes = Number(options.memory) * 1024 * 1024;
if (!(memoryBytes > 0)) refuse('--memory: expected megabytes');
const { entries, problems } = readList(options.list);
if (problems.length > 0) refuse(...problems.map((problem) => `${options.list}: ${problem}`));
const unpinned = entries.filter(({ version, folder }) => version === null && folder === null);
if (unpinned.length > 0 && !options.pin) refuse(`entries without an exact version: ${unpinned.map(({ slug }) => slug).join(', ')}; add it, or use --pin`);
const only = options.only?.split(',') ?? null;
const unknown = (only ?? []).filter((slug) => !entries.some((entry) => entry.slug === slug));
if (unknown.length > 0) refuse(`--only: not in the list: ${unknown.join(', ')}`);

const cache = resolve(options.cache);
const out = resolve(options.out);
if (`${cache}/`.startsWith(`${ROOT}/`)) refuse('--cache: expected a folder outside of the repository: what others wrote stays out of it');
mkdirSync(cache, { recursive: true, mode: 0o755 });
if (!options.reclassify) {
  try {
    checkSandbox();
  } catch (error) {
    refuse(error.message);
  }
}

const code = await bundle(ROOT, cache);
const { records } = code;
const today = new Date().toISOString().slice(0, 10);
const chosen = entries.filter(({ slug }) => only === null || only.includes(slug));
const isDue = (entry) => {
  const outcome = readOutcome(cache, entry.slug);
  if (outcome === null || options.fresh) return true;
  if (options.retry && outcome.status !== 'ok') return true;
  // An entry that `--pin` has completed since is still the one that was scanned.
  return outcome.key !== keyOf(entry) && !(outcome.version === entry.version && outcome.key === keyOf({ ...entry, version: null }));
};
const due = options.reclassify ? [] : chosen.filter(isDue);
const how = { cache, node: resolve(options.node), lister: code.lister, hidden: [topDirectory(ROOT), cache], timeoutMs, memoryBytes, keep: options.keep };

// A scan that is broken off leaves no server behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    endFamily(process.pid);
    rmSync(code.folder, { recursive: true, force: true });
    process.exit(130);
  });
}

let done = 0;
async function work(job) {
  for (let entry = due.shift(); entry !== undefined; entry = due.shift()) {
    const started = Date.now();
    const outcome = await scanServer(entry, { ...how, job });
    writeOutcome(cache, { slug: entry.slug, ...outcome, key: keyOf(entry), scannedOn: today });
    const made = publish(entry);
    if (options.copy !== undefined && outcome.listing !== null) {
      mkdirSync(options.copy, { recursive: true });
      copyFileSync(join(cache, 'definitions', `${entry.slug}.json`), join(options.copy, `${entry.slug}.json`));
    }
    done += 1;
    const seconds = Math.round((Date.now() - started) / 1_000);
    process.stderr.write(`[${done}/${total}] ${entry.slug} ${made?.status ?? outcome.status}${made === null ? '' : ` ${made.tools.length} tools`}, ${seconds} s\n`);
  }
}

/** Writes the record of one server from the cache; one that cannot be listed any more loses its record. */
function publish(entry) {
  const outcome = readOutcome(cache, entry.slug);
  const record = outcome === null ? null : recordOf({ records, cache, out, entry, outcome, today });
  if (record !== null) writeRecord({ records, out, record });
  else if (outcome !== null) rmSync(join(out, 'servers', `${entry.slug}.json`), { force: true });
  return record;
}

const total = due.length;
try {
  await Promise.all(Array.from({ length: jobs }, (_, job) => work(job)));
  const made = new Map();
  const lines = [];
  for (const entry of entries) {
    const outcome = readOutcome(cache, entry.slug);
    if (outcome === null) continue;
    const record = publish(entry);
    if (record !== null) made.set(entry.slug, record);
    lines.push({ slug: entry.slug, registry: entry.registry, name: entry.name, version: outcome.version ?? entry.version, status: record?.status ?? outcome.status, date: outcome.scannedOn });
  }
  for (const file of removeStrangers(out, new Set(entries.map(({ slug }) => slug)))) process.stderr.write(`removed ${file}: it is not in the list\n`);
  writeReport(out, lines, made);
  if (options.pin) writeFileSync(options.list, withVersions(readFileSync(options.list, 'utf8'), new Map(lines.filter(({ version }) => version !== null).map(({ slug, version }) => [slug, version]))));
  const tools = [...made.values()].reduce((sum, record) => sum + record.tools.length, 0);
  process.stderr.write(`${made.size} of ${entries.length} servers have a record, ${tools} tools; ${total} scanned now\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ servers: lines, tools })}\n`);
} finally {
  rmSync(code.folder, { recursive: true, force: true });
}
