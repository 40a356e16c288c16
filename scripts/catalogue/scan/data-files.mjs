// What a scan leaves: the cache of raw definitions (never part of the repository), the records, the report.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { STATUSES } from './outcome.mjs';

const FILE_BYTES = 256 * 1024 * 1024;

/** Bundles our code for the scan: its classes are those of the sources at its start, whatever is edited meanwhile. */
export async function bundle(root, cache) {
  const common = { bundle: true, format: 'esm', platform: 'node', target: 'node20.19', absWorkingDir: root, external: ['libsql'], logLevel: 'warning', banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" } };
  const folder = join(cache, `code-${process.pid}`);
  const records = "export * from './src/catalogue/server-record.ts'; export { scan } from './src/wire/scan.ts';";
  await build({ ...common, entryPoints: { lister: 'scripts/catalogue/scan/lister.mjs' }, outdir: folder, outExtension: { '.js': '.mjs' } });
  await build({ ...common, stdin: { contents: records, resolveDir: root, loader: 'ts' }, outfile: join(folder, 'records.mjs') });
  return { folder, lister: join(folder, 'lister.mjs'), records: await import(pathToFileURL(join(folder, 'records.mjs')).href) };
}

/** The outcome of a server's last scan as the cache has it; null when it was never scanned. */
export function readOutcome(cache, slug) {
  const path = join(cache, 'outcomes', `${slug}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

/** @param {object} outcome of scanServer, with the date of the scan */
export function writeOutcome(cache, { slug, ...outcome }) {
  for (const folder of ['outcomes', 'definitions', 'logs']) mkdirSync(join(cache, folder), { recursive: true });
  const { listing, log, ...facts } = outcome;
  writeFileSync(join(cache, 'logs', `${slug}.log`), log);
  if (listing !== null) writeFileSync(join(cache, 'definitions', `${slug}.json`), listing);
  writeFileSync(join(cache, 'outcomes', `${slug}.json`), JSON.stringify(facts));
}

/**
 * Makes the record of a server from the cache, without starting anything.
 * @param {object} records the bundle's exports
 * @param {string} today YYYY-MM-DD, the date of the classification when it differs from what the file says
 * @returns the record; null when its definitions are not in the cache
 */
export function recordOf({ records, cache, out, entry, outcome, today }) {
  const path = join(cache, 'definitions', `${entry.slug}.json`);
  if (outcome.status !== 'ok' || !existsSync(path)) return null;
  const scanned = records.scan(readFileSync(path), { maxBytes: FILE_BYTES, maxDepth: 512, maxKeys: 5_000_000 });
  if (!scanned.ok) throw new Error(`${path}: ${scanned.message}`);
  const text = (key) => scanned.root.get('server')?.get(key)?.text() ?? null;
  const tools = (scanned.root.get('tools')?.elements() ?? []).map((definition, index) => ({ definition, sha256: outcome.sha256[index] ?? null }));
  const facts = {
    slug: entry.slug,
    package: { registry: entry.registry, name: entry.name, version: outcome.version },
    server: { name: text('name'), version: text('version'), protocol: text('protocol') },
    scannedOn: outcome.scannedOn,
  };
  const record = records.serverRecord({ ...facts, classifiedOn: today }, tools);
  // A class that did not change keeps the date at which it was made, so that only what changed shows as changed.
  const before = readRecord(records, join(out, 'servers', `${entry.slug}.json`));
  const same = before !== null && records.serverRecordText({ ...record, scannedOn: before.scannedOn, classifiedOn: before.classifiedOn }) === records.serverRecordText(before);
  if (!same) return record;
  return { ...record, classifiedOn: before.classifiedOn > record.scannedOn ? before.classifiedOn : record.scannedOn };
}

function readRecord(records, path) {
  if (!existsSync(path)) return null;
  try {
    return records.readServerRecord(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

export function writeRecord({ records, out, record }) {
  const text = records.serverRecordText(record);
  records.readServerRecord(JSON.parse(text));
  replace(join(out, 'servers'), `${record.slug}.json`, text);
}

/** @param {{ slug: string, package: string, status: string, date: string }[]} lines one for each server of the list */
export function writeReport(out, lines, records) {
  const sorted = lines.toSorted((a, b) => (a.slug < b.slug ? -1 : 1));
  const rows = sorted.map(({ slug, registry, name, version, status, date }) => {
    const tools = records.get(slug)?.tools.length ?? 0;
    return JSON.stringify({ slug, registry, name, version, status, detail: STATUSES[status], date, tools });
  });
  const ok = [...records.values()];
  const totals = { listed: lines.length, scanned: ok.length, tools: ok.reduce((sum, { tools }) => sum + tools.length, 0) };
  replace(out, 'scan-report.json', `{"format":1,\n"totals":${JSON.stringify(totals)},\n"servers":[\n${rows.join(',\n')}\n]}\n`);
}

/** Removes records of servers that are no longer in the list. */
export function removeStrangers(out, slugs) {
  const folder = join(out, 'servers');
  if (!existsSync(folder)) return [];
  const strangers = readdirSync(folder).filter((file) => file.endsWith('.json') && !slugs.has(file.slice(0, -'.json'.length)));
  for (const file of strangers) rmSync(join(folder, file));
  return strangers;
}

function replace(folder, name, text) {
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.${name}.${process.pid}`);
  writeFileSync(temporary, text);
  renameSync(temporary, join(folder, name));
}

/** What a listing depends on: another version, argument or variable makes a new scan due. */
export function keyOf(entry) {
  return createHash('sha256').update(JSON.stringify(entry)).digest('hex');
}
