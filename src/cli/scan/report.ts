import { CATEGORIES, type Category, findShadowedNames, RISKS, type Risk } from '../../catalogue/index.ts';
import { approximateTokens } from '../../catalogue/server-record.ts';
import type { UnreadableLine } from './definitions.ts';
import type { Known, KnownServer } from './known-definitions.ts';
import type { ServerIdentity } from '../../gateway/scan/list-tools.ts';
import { isNamed, type ToolSummary } from '../../gateway/scan/tool-summary.ts';

/** Something about a list that a reader should know, although every tool of it was read. */
export type Notice = 'duplicate_tools' | 'look_alike_tools' | 'unnamed_tools' | 'unreadable_lines' | 'large_list';

/** Definitions that fill a quarter of the context of a large model. */
const LARGE_TOKENS = 50_000;

/** A whole scan. */
export interface ScanReport {
  /** Null when recorded definitions were read. */
  readonly server: ServerIdentity | null;
  /** Every item of the list, in its order, also what has no name or is no object. */
  readonly tools: readonly ToolSummary[];
  readonly unreadable: readonly UnreadableLine[];
  readonly known: KnownServer | null;
  readonly notices: readonly Notice[];
  /** Names that are listed more than once. */
  readonly duplicates: readonly string[];
  /** Pairs of different names that a person, or a model, takes for the same. */
  readonly lookAlikes: readonly (readonly [name: string, other: string])[];
  readonly unnamed: number;
  readonly totalBytes: number;
  readonly approximateTokens: number;
  readonly categories: Readonly<Record<Category, number>>;
  readonly risks: Readonly<Record<Risk, number>>;
}

export function scanReport(server: ServerIdentity | null, tools: readonly ToolSummary[], unreadable: readonly UnreadableLine[], known: KnownServer | null): ScanReport {
  const seen = new Set<string>();
  const duplicates = [...new Set(tools.filter(isNamed).map(({ name }) => name).filter((name) => seen.size === seen.add(name).size))];
  const lookAlikes = findShadowedNames([...seen].map((name) => ({ server: '', name }))).map(({ tool, shadows }) => [tool.name, shadows.name] as const);
  const unnamed = tools.filter((tool) => !isNamed(tool)).length - unreadable.length;
  const totalBytes = tools.reduce((sum, tool) => sum + tool.bytes, 0);
  const tokens = approximateTokens(totalBytes);
  const notices: Notice[] = [];
  if (unreadable.length > 0) notices.push('unreadable_lines');
  if (duplicates.length > 0) notices.push('duplicate_tools');
  if (lookAlikes.length > 0) notices.push('look_alike_tools');
  if (unnamed > 0) notices.push('unnamed_tools');
  if (tokens > LARGE_TOKENS) notices.push('large_list');
  return {
    server,
    tools,
    unreadable,
    known,
    notices,
    duplicates,
    lookAlikes,
    unnamed,
    totalBytes,
    approximateTokens: tokens,
    categories: counts(CATEGORIES, tools.map(({ classification }) => classification.category)),
    risks: counts(RISKS, tools.map(({ classification }) => classification.risk)),
  };
}

/** How a definition compares with the catalogue's; null where the catalogue says nothing. */
export function knownAs(report: ScanReport, tool: ToolSummary): Known | null {
  return tool.name === null ? null : (report.known?.compare(tool.name, tool.sha256) ?? null);
}

function counts<T extends string>(all: readonly T[], found: readonly T[]): Readonly<Record<T, number>> {
  const result = Object.fromEntries(all.map((each) => [each, 0])) as Record<T, number>;
  for (const each of found) result[each] += 1;
  return result;
}
