import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { Catalogue, exportedLinks, fileOf, twinText } from '../../catalogue/pages/index.ts';
import { type LoadedRecords, loadRecords, ownRecords, pageScript } from '../catalogue/load-records.ts';
import { printedJson } from '../printed-json.ts';
import { formatBytes } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

export interface CatalogueBuildOptions {
  readonly out: string;
  /** Where the export will be published. */
  readonly baseUrl?: string;
  /** Where readers can write to: an address of a page, or `mailto:`. */
  readonly contact?: string;
  /** Directory with records, instead of those that come with this program. */
  readonly servers?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Marks a directory as ours to replace. */
const MARK = '.policylayer-catalogue';

/**
 * `policylayer catalogue build`: the catalogue as files that any web server can serve, and that open from a disk. The same records give the
 * same bytes.
 * @returns the exit status @throws UsageError
 */
export async function buildCatalogue(options: CatalogueBuildOptions): Promise<number> {
  const out = resolve(options.out);
  const baseUrl = options.baseUrl === undefined ? null : publicAddress(options.baseUrl);
  const contact = options.contact === undefined ? null : contactAddress(options.contact);
  const { records, problems } = await read(options.servers === undefined ? ownRecords() : resolve(options.servers));
  // All at once, and nothing is written: a catalogue with holes would be taken for the whole.
  if (problems.length > 0) throw new UsageError(`${problems.length} ${problems.length === 1 ? 'record' : 'records'} cannot be used:\n${problems.map((line) => `  ${line}`).join('\n')}`, 'scan these servers again, or remove the files');
  const catalogue = new Catalogue(records, pageScript());
  prepare(out, options.force === true);

  let files = 0;
  let bytes = 0;
  let largest = { page: '', bytes: 0 };
  const directories = new Set<string>();
  const write = (name: string, text: string): number => {
    const path = join(out, ...name.split('/'));
    // Segments cannot leave the directory (segments.ts); this holds even if they could.
    if (!path.startsWith(`${out}${sep}`)) throw new Error(`refusing to write ${JSON.stringify(name)} outside of the export`);
    const directory = dirname(path);
    if (!directories.has(directory)) mkdirSync(directory, { recursive: true });
    directories.add(directory);
    const content = Buffer.from(text);
    writeFileSync(path, content);
    files += 1;
    bytes += content.length;
    return content.length;
  };
  const ids = catalogue.ids();
  for (const id of ids) {
    const page = catalogue.page(id);
    if (page === null) continue;
    const links = exportedLinks(id, baseUrl, contact);
    const size = write(`${fileOf(id)}.html`, catalogue.html(page, links));
    if (size > largest.bytes) largest = { page: `${fileOf(id)}.html`, bytes: size };
    write(`${fileOf(id)}.json`, twinText(page, links));
  }
  for (const [name, text] of catalogue.assetFiles) write(name, text);
  write('assets/search-index.js', catalogue.searchScript());
  for (const name of catalogue.policyFiles()) write(name, catalogue.policy(name) ?? '');
  for (const { name, text } of catalogue.machineFiles(exportedLinks('', baseUrl, contact))) write(name, text);
  write('404.html', catalogue.html(catalogue.missing(''), exportedLinks('404', baseUrl, contact)));
  write(MARK, 'Made by policylayer catalogue build, which replaces this directory.\n');

  const { servers, tools } = catalogue.site;
  if (options.json === true) {
    process.stdout.write(`${printedJson({ out, baseUrl, servers: servers.length, tools: tools.length, pages: ids.length, files, bytes, largest })}\n`);
    return 0;
  }
  process.stdout.write(`${tools.length} tools of ${servers.length} servers: ${ids.length} pages, ${files} files, ${formatBytes(bytes)} in ${options.out}\n`);
  if (baseUrl === null) process.stderr.write('policylayer: no sitemap.xml was written: it needs the address where this will be published, --base-url URL\n');
  return 0;
}

async function read(directory: string): Promise<LoadedRecords> {
  try {
    return await loadRecords(directory);
  } catch (error) {
    throw new UsageError(`no records of servers in ${directory} (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`, 'name a directory with records, --servers DIR');
  }
}

/** An empty directory, or one that an earlier build left, which is replaced whole. @throws UsageError for anything else */
function prepare(out: string, force: boolean): void {
  let entries: readonly string[];
  try {
    entries = readdirSync(out);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') throw new UsageError(`${out} is not a directory`, 'choose another one with --out');
    if (code !== 'ENOENT') throw error;
    mkdirSync(out, { recursive: true });
    return;
  }
  if (entries.length === 0) return;
  if (entries.includes(MARK)) {
    for (const entry of entries) rmSync(join(out, entry), { recursive: true, force: true });
    return;
  }
  if (!force) throw new UsageError(`${out} has other files in it`, 'choose an empty directory, or add --force to write among them');
}

function publicAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw new UsageError(`--base-url ${JSON.stringify(text)} is not the address of a website`, 'write it like https://example.com/catalogue');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') throw new UsageError('--base-url has more than a host and a path', 'write it like https://example.com/catalogue');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function contactAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['https:', 'http:', 'mailto:'].includes(url.protocol)) throw new UsageError(`--contact ${JSON.stringify(text)} is nowhere to write to`, 'write it like https://example.com/contact or mailto:name@example.com');
  return url.href;
}
