import { CATEGORIES, RISKS, severity } from '../severity.ts';
import type { ServerRecord, ToolRecord } from '../server-record.ts';
import type { Category, Confidence, Finding, Risk, Signal } from '../types.ts';
import { segments } from './segments.ts';

export interface ServerEntry {
  readonly record: ServerRecord;
  /** Id of its page: the part of the address behind the catalogue's own. */
  readonly id: string;
  readonly tools: readonly ToolEntry[];
}

export interface ToolEntry {
  readonly server: ServerEntry;
  readonly tool: ToolRecord;
  readonly id: string;
}

/** What tools are sorted into; each value has a page. */
export interface FacetValues {
  readonly category: Category;
  readonly risk: Risk;
  readonly confidence: Confidence;
  readonly signal: Signal;
  readonly finding: Finding;
}
export type Facet = keyof FacetValues;

export const FACETS: readonly Facet[] = ['category', 'risk', 'signal', 'finding', 'confidence'];

/** Every value of every facet, in the order in which it is shown. */
export const FACET_VALUES: { readonly [F in Facet]: readonly FacetValues[F][] } = {
  category: CATEGORIES,
  risk: RISKS,
  signal: ['secrets', 'free_form_code', 'arbitrary_url', 'filesystem_path', 'bulk', 'permissions', 'sends_messages', 'money', 'production', 'reversible', 'router', 'many_parameters', 'open_world'],
  finding: ['model_instructions', 'hidden_characters', 'look_alike_name', 'shadowed_name', 'contradiction', 'no_description', 'invalid_schema', 'missing_schema', 'oversized'],
  confidence: ['low', 'medium', 'high'],
};

/** Everything the pages show, in one order that hangs on the records alone. */
export interface Site {
  readonly servers: readonly ServerEntry[];
  /** By server, then in the order of the server. */
  readonly tools: readonly ToolEntry[];
  /** The same, most severe first. */
  readonly severe: readonly ToolEntry[];
  /** Newest scan, YYYY-MM-DD; null when there is none. */
  readonly scannedOn: string | null;
  /** By `category/read` and so on, most severe first. */
  readonly byFacet: ReadonlyMap<string, readonly ToolEntry[]>;
  readonly byName: ReadonlyMap<string, readonly ToolEntry[]>;
}

/** Not names of servers: pages of another kind have these addresses. */
const RESERVED: ReadonlySet<string> = new Set([...FACETS, 'servers', 'tools', 'search', 'index', 'contact', 'assets', 'sitemap', 'robots', 'llms', '404']);
/** `index` would be the page of its directory. */
const RESERVED_TOOLS: ReadonlySet<string> = new Set(['index']);

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Sorts records into what the pages need. Of several versions of a server the newest scan has the plain address. */
export function makeSite(records: readonly ServerRecord[]): Site {
  const ordered = records.toSorted((a, b) => byText(a.slug, b.slug) || byText(b.scannedOn, a.scannedOn) || compareVersions(b.package.version, a.package.version));
  const names = ordered.map((record, index) => (ordered[index - 1]?.slug === record.slug ? `${record.slug}@${record.package.version}` : record.slug));
  const ids = segments(names, RESERVED);
  const servers = ordered.map((record, index) => serverEntry(record, ids[index] ?? ''));
  const tools = servers.flatMap((server) => server.tools);
  const severe = tools.toSorted(bySeverity);
  return { servers, tools, severe, scannedOn: records.map(({ scannedOn }) => scannedOn).toSorted(byText).at(-1) ?? null, byFacet: groupedByFacet(severe), byName: grouped(tools, ({ tool }) => [tool.name]) };
}

function serverEntry(record: ServerRecord, id: string): ServerEntry {
  const tools: ToolEntry[] = [];
  const server = { record, id, tools };
  const ids = segments(record.tools.map(({ name }) => name), RESERVED_TOOLS);
  record.tools.forEach((tool, index) => tools.push({ server, tool, id: `${id}/${ids[index] ?? ''}` }));
  return server;
}

function groupedByFacet(tools: readonly ToolEntry[]): ReadonlyMap<string, readonly ToolEntry[]> {
  return grouped(tools, ({ tool: { classification } }) => FACETS.flatMap((facet) => valuesOf(classification, facet).map((value) => `${facet}/${value}`)));
}

/** The values of a facet that a class has. */
export function valuesOf(classification: ToolRecord['classification'], facet: Facet): readonly string[] {
  if (facet === 'signal') return classification.signals;
  if (facet === 'finding') return classification.findings;
  return [classification[facet]];
}

function grouped(tools: readonly ToolEntry[], keys: (entry: ToolEntry) => readonly string[]): Map<string, ToolEntry[]> {
  const groups = new Map<string, ToolEntry[]>();
  for (const entry of tools) {
    for (const key of keys(entry)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [entry]);
      else group.push(entry);
    }
  }
  return groups;
}

/** `1.10.0` after `1.9.2`; what is no number is compared as text. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(/[.+-]/), b.split(/[.+-]/)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one = '', other = ''] = [left[index], right[index]];
    const numbers = /^\d{1,15}$/.test(one) && /^\d{1,15}$/.test(other);
    const order = numbers ? Number(one) - Number(other) : byText(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

/** How many tools have each value of a facet. */
export function countBy(tools: readonly ToolEntry[], facet: Facet): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { tool } of tools) for (const value of valuesOf(tool.classification, facet)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Most severe first, then by name: what somebody who has to decide reads first. */
export function bySeverity(a: ToolEntry, b: ToolEntry): number {
  const rank = ({ tool: { classification } }: ToolEntry): number => RISKS.indexOf(classification.risk) * 10 + severity(classification.category);
  return rank(b) - rank(a) || byText(a.tool.name, b.tool.name) || byText(a.id, b.id);
}

/** What a server is called: its own name for itself, else the package's. */
export function serverName({ record }: ServerEntry): string {
  return record.server.name ?? record.package.name;
}
