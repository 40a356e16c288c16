import { approximateTokens } from '../../catalogue/server-record.ts';
import { isNamed, summarise, type NamedSummary } from '../../gateway/scan/tool-summary.ts';
import { starterPolicy } from '../../catalogue/starter/index.ts';
import { starterTools } from '../../gateway/scan/starter-tools.ts';
import type { ScanDefinition } from '../../state/registry/types.ts';
import type { Pins, PinStanding, State } from '../../state/types.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { scan } from '../../wire/scan.ts';
import type { ScanResult } from './scan-server.ts';

export interface ShownTool {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly category: string;
  readonly risk: string;
  readonly confidence: 'low' | 'medium' | 'high';
  readonly signals: string[];
  readonly findings: string[];
  readonly evidence: { readonly place: string; readonly pointer: string; readonly term: string; readonly suggests: string }[];
  readonly inputSchema: unknown;
  readonly annotations: unknown;
  readonly contextTokens: number;
  readonly pin: PinStanding | null;
  readonly catalogueUrl: string | null;
}

export interface ShownScan {
  readonly at: string | null;
  readonly status: string;
  readonly problem: string | null;
  readonly contextTokens: number | null;
  readonly tools: ShownTool[];
}

/** Scans that were classified lately, by server and time: a page that is looked at twice is not worked out twice. */
const MOST_REMEMBERED = 32;
const remembered = new Map<string, readonly NamedSummary[]>();

/**
 * What is known of a server's tools: from its last scan, else from the definitions that were pinned while it was used. @throws StateUnavailable
 */
export function shownScan(server: string, stored: ScanDefinition | null, state: State, trusted: boolean): ShownScan {
  const tools = toolsOf(server, stored, state, trusted);
  const pins = state.pins.read(server);
  const result = stored?.result as ScanResult | null | undefined;
  const bytes = tools.reduce((sum, tool) => sum + tool.bytes, 0);
  return {
    at: stored?.at ?? null,
    status: stored?.status ?? (tools.length > 0 ? 'used' : 'never'),
    problem: stored?.problem ?? null,
    contextTokens: result?.contextTokens ?? (tools.length > 0 ? approximateTokens(bytes) : null),
    tools: tools.map((tool) => shownTool(tool, pins)),
  };
}

/** A policy to begin with, with a rule for every known tool; null when none is known. */
export function starterText(server: string, stored: ScanDefinition | null, state: State, trusted: boolean): string | null {
  const tools = toolsOf(server, stored, state, trusted);
  return tools.length === 0 ? null : starterPolicy(starterTools(tools), { origin: server, name: server });
}

function toolsOf(server: string, stored: ScanDefinition | null, state: State, trusted: boolean): readonly NamedSummary[] {
  const result = stored?.result as ScanResult | null | undefined;
  if (stored === null || result === null || result === undefined) return summaries(pinnedTexts(server, state.pins), server, trusted);
  const key = JSON.stringify([server, stored.at, trusted]);
  const known = remembered.get(key) ?? summaries(result.definitions, server, trusted);
  remembered.delete(key);
  remembered.set(key, known);
  for (const [oldest] of remembered) {
    if (remembered.size <= MOST_REMEMBERED) break;
    remembered.delete(oldest);
  }
  return known;
}

function pinnedTexts(server: string, pins: Pins): string[] {
  const names = [...pins.read(server).tools.keys()];
  return names.flatMap((name) => pins.record(server, name)?.definitions.findLast(({ standing }) => standing === 'pinned')?.text ?? []);
}

/** The same name listed twice is shown once: the first. */
function summaries(definitions: readonly string[], server: string, trusted: boolean): readonly NamedSummary[] {
  const byName = new Map<string, NamedSummary>();
  for (const text of definitions) {
    const parsed = scan(Buffer.from(text), UPSTREAM_LIMITS);
    const tool = parsed.ok ? summarise(parsed.root, { server, trusted }) : null;
    if (tool !== null && isNamed(tool) && !byName.has(tool.name)) byName.set(tool.name, tool);
  }
  return [...byName.values()];
}

function shownTool({ name, title, description, classification, bytes, definition }: NamedSummary, pins: ReturnType<Pins['read']>): ShownTool {
  const { category, risk, confidence, signals, findings, evidence } = classification;
  const standings = new Set((pins.tools.get(name) ?? []).map(({ standing }) => standing));
  const pin = standings.has('held') ? 'held' : standings.has('noted') ? 'noted' : standings.has('pinned') ? 'pinned' : null;
  return {
    name, title, description, category, risk, confidence, signals: [...signals], findings: [...findings],
    evidence: evidence.map(({ place, pointer, term, suggests }) => ({ place, pointer, term, suggests })),
    inputSchema: plain(definition.get('inputSchema')), annotations: plain(definition.get('annotations')),
    contextTokens: approximateTokens(bytes), pin, catalogueUrl: null,
  };
}

/** For people to read: digits beyond a double are of no use here. */
function plain(node: { lexeme(): string } | null): unknown {
  return node === null ? null : JSON.parse(node.lexeme());
}
