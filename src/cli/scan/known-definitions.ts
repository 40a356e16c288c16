import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readServerRecord, type ServerRecord } from '../../catalogue/server-record.ts';
import { packageRoot } from '../package-root.ts';

/**
 * How a definition compares with the one that the catalogue saw. `known`: the same; `changed`: another; `varies`: it differed between two
 * starts already then, so nothing can be said; `new`: the catalogue's server had no tool of that name.
 */
export type Known = 'known' | 'changed' | 'varies' | 'new';

/** What the catalogue has seen of the server that is scanned. */
export interface KnownServer {
  readonly slug: string;
  readonly version: string;
  readonly scannedOn: string;
  compare(name: string, sha256: string): Known;
}

/**
 * Looks a server up in the catalogue that was installed with this program. A record that cannot be read is passed over: the catalogue
 * informs, it decides nothing.
 * @param names what the server may be known by: a package, what it calls itself
 * @param hashes of the definitions that were scanned; between versions of one server the one that shares most of them is meant
 * @returns null when it is not in the catalogue
 */
export function findKnownServer(names: readonly string[], hashes: ReadonlySet<string>, directory = join(packageRoot(), 'catalogue', 'servers')): KnownServer | null {
  const wanted = new Set(names.map(folded).filter((name) => name !== ''));
  if (wanted.size === 0) return null;
  let best: { record: ServerRecord; shared: number } | null = null;
  for (const file of filesOf(directory)) {
    const found = read(join(directory, file), wanted);
    if (found === null) continue;
    const { record, named } = found;
    const shared = record.tools.filter((tool) => tool.sha256 !== null && hashes.has(tool.sha256)).length;
    // What servers call themselves is not unique: it counts where at least one definition agrees.
    if (!named && shared === 0) continue;
    if (best === null || shared > best.shared) best = { record, shared };
  }
  return best === null ? null : knownServer(best.record);
}

function knownServer(record: ServerRecord): KnownServer {
  const byName = new Map<string, (string | null)[]>();
  for (const tool of record.tools) byName.set(tool.name, [...(byName.get(tool.name) ?? []), tool.sha256]);
  return {
    slug: record.slug,
    version: record.package.version,
    scannedOn: record.scannedOn,
    compare(name, sha256) {
      const seen = byName.get(name);
      if (seen === undefined) return 'new';
      if (seen.includes(sha256)) return 'known';
      return seen.includes(null) ? 'varies' : 'changed';
    },
  };
}

function filesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json')).toSorted();
  } catch {
    return [];
  }
}

/** The record of a file if it is one of the wanted servers; the names are in its first lines, so most files are not parsed. */
function read(path: string, wanted: ReadonlySet<string>): { readonly record: ServerRecord; readonly named: boolean } | null {
  try {
    const text = readFileSync(path, 'utf8');
    const head = JSON.parse(`${text.slice(0, text.indexOf('"tools":['))}"tools":[]}`) as Partial<ServerRecord>;
    const matches = (name: string | null | undefined): boolean => typeof name === 'string' && wanted.has(folded(name));
    const named = matches(head.package?.name) || matches(head.slug);
    if (!named && !matches(head.server?.name)) return null;
    return { record: readServerRecord(JSON.parse(text) as unknown), named };
  } catch {
    return null;
  }
}

/** `@scope/pkg@1.2` → `@scope/pkg`, `pkg[cli]==1.2` → `pkg`. */
export function withoutVersion(name: string): string {
  return name.replace(/(.)@[^/]*$/, '$1').replace(/(?:\[[^\]]*\])?(?:[=<>~!]=.*)?$/, '');
}

/** A package's name without scope sign and version: `@scope/pkg@1.2` and `scope-pkg` are the same. */
function folded(name: string): string {
  return withoutVersion(name).replace(/^@/, '').replace('/', '-').toLowerCase();
}
