import { isMap, isScalar, isSeq, type Document, type YAMLMap } from 'yaml';
import { editYaml } from './edit-yaml.ts';
import { readText } from './read-text.ts';
import type { Diagnostic } from '../../policy/diagnostic.ts';
import { quoted } from '../../policy/printable.ts';
import { RuleLines } from './rule-lines.ts';
import { placedTool, type Column, type PlacedTool } from './placed-tools.ts';
import type { ServerTools } from './server-tools.ts';
import type { Slices } from './slices.ts';

export interface Placing {
  readonly text: string;
  readonly tools: readonly string[];
  readonly column: Column;
  readonly guard?: {
    /** For the column `rate_limit`; as the language writes limits. */
    readonly rateLimit?: string | { readonly max: number; readonly window: number | string };
    /** What the agent is told on refusal. */
    readonly reason?: string;
  };
}

export type Placed =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: 'errors'; readonly diagnostics: readonly Diagnostic[] }
  /** It cannot be said by rules of these tools alone; for people. */
  | { readonly ok: false; readonly why: 'conflict'; readonly problem: string };

/** The limit of a tool that comes to the column of limits without one. */
const FIRST_LIMIT = '10/minute';

/**
 * Moves tools to a column of the board: gives each an exact rule, or changes the one that it has. Comments, order, and whatever is not about these
 * tools stay as they are written. The result is decided again: the tools stand where they were put, and no other known tool has moved; where that
 * cannot be had, nothing is changed.
 * @param known the server's tools; null: only the moved ones are looked at
 */
export async function place({ text, tools, column, guard }: Placing, server: string, known: ServerTools | null, slices: Slices): Promise<Placed> {
  const before = await columns(text, server, known, tools, slices);
  if ('diagnostics' in before) return { ok: false, why: 'errors', diagnostics: before.diagnostics };
  let edited = text;
  for (const group of groups(tools)) {
    await slices.breathe();
    const result = editYaml(edited, (document) => firstProblem(group.map((tool) => () => setRule(document, tool, column, guard))));
    if ('problem' in result) return { ok: false, why: 'conflict', problem: result.problem };
    edited = result.text;
  }
  const after = await columns(edited, server, known, tools, slices);
  if ('diagnostics' in after) return { ok: false, why: 'conflict', problem: `the rule could not be written: ${after.diagnostics[0]?.message ?? 'the text would have errors'}` };
  const moved = new Set(tools);
  for (const [name, was] of before.columns) {
    const is = after.columns.get(name);
    if (moved.has(name) && is?.column !== column) return { ok: false, why: 'conflict', problem: whyNot(name, column, is) };
    if (!moved.has(name) && is?.column !== was.column) return { ok: false, why: 'conflict', problem: `the tool ${quoted(name)} would move as well; edit the text instead` };
  }
  return { ok: true, text: edited };
}

/** Edited one by one, the lines between them stay as they are; many at once are quicker. */
const ONE_BY_ONE = 8;

function groups(tools: readonly string[]): readonly (readonly string[])[] {
  return tools.length <= ONE_BY_ONE ? tools.map((tool) => [tool]) : [tools];
}

function firstProblem(steps: readonly (() => string | null)[]): string | null {
  for (const step of steps) {
    const problem = step();
    if (problem !== null) return problem;
  }
  return null;
}

type Columns = { readonly columns: ReadonlyMap<string, PlacedTool> } | { readonly diagnostics: readonly Diagnostic[] };

async function columns(text: string, server: string, known: ServerTools | null, tools: readonly string[], slices: Slices): Promise<Columns> {
  const loaded = await readText(text, 'policy');
  if (!loaded.ok) return { diagnostics: loaded.errors };
  const lines = new RuleLines(loaded.policy, text);
  const placed = new Map<string, PlacedTool>();
  for (const name of new Set([...(known?.names ?? []), ...tools])) {
    await slices.breathe();
    placed.set(name, placedTool(loaded.policy, name, known?.tools ?? null, server, lines));
  }
  return { columns: placed };
}

function whyNot(name: string, column: Column, is: PlacedTool | undefined): string {
  const limit = is?.guards.find(({ kind, rule }) => kind === 'rate_limit' && !rule.startsWith(`/tools/${pointerPart(name)}`));
  if (column === 'allow' && limit !== undefined) return `${quoted(name)} is limited by ${limit.rule} as well: guards of all rules that match add up, so the limit has to be changed there`;
  return `${quoted(name)} would still stand under ${is?.column ?? 'nothing'}, because of ${is?.rule ?? 'no rule'}`;
}

function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** @returns why it cannot be done; null when it is done */
function setRule(document: Document, tool: string, column: Column, guard: Placing['guard']): string | null {
  if (!isMap(document.get('tools', true))) document.set('tools', document.createNode({}));
  const rules: unknown = document.get('tools', true);
  if (!isMap(rules)) return 'the map of tools cannot be edited here: edit the text';
  // An empty flow map (`tools: {}`) would take every rule into one line.
  if (rules.items.length === 0) rules.flow = isMap(document.contents) && document.contents.flow === true;
  const now: unknown = rules.get(tool, true);
  if (isSeq(now)) return `${quoted(tool)} has a list of rules, each for its own condition: edit the text`;
  const rule = isMap(now) ? now : asMap(document, isScalar(now) && typeof now.value === 'string' ? { action: now.value } : {});
  if (column === 'rate_limit') {
    // A limit alone allows, and an action that is not there cannot be wrong.
    rule.delete('action');
    if (guard?.rateLimit !== undefined || !rule.has('rate_limit')) rule.set('rate_limit', document.createNode(guard?.rateLimit ?? FIRST_LIMIT));
  } else {
    rule.set('action', column);
    if (column === 'allow') rule.delete('rate_limit');
  }
  if (column !== 'require_approval') rule.delete('approval');
  if (guard?.reason !== undefined) rule.set('reason', guard.reason);
  const [only] = rule.items;
  const key = only === undefined ? null : only.key;
  const isWord = rule.items.length === 1 && (isScalar(key) ? key.value === 'action' && key.commentBefore == null : key === 'action') && rule.comment == null;
  if (isWord) setKeepingKey(rules, tool, withComment(document, column, only?.value ?? null, now));
  else if (!isMap(now)) setKeepingKey(rules, tool, inline(rule, now));
  return null;
}

function asMap(document: Document, value: object): YAMLMap {
  const node = document.createNode(value);
  if (!isMap(node)) throw new TypeError('an object makes a map');
  return node;
}

/** A scalar with the comment that stood behind the old value. */
function withComment(document: Document, value: string, inner: unknown, old: unknown): unknown {
  const node = document.createNode(value) as { comment?: string | null };
  const comment = isScalar(old) ? old.comment : isScalar(inner) ? inner.comment : null;
  if (comment !== null && comment !== undefined) node.comment = comment;
  return node;
}

function inline(rule: YAMLMap, old: unknown): YAMLMap {
  rule.flow = true;
  if (isScalar(old) && old.comment != null) rule.comment = old.comment;
  return rule;
}

/** Puts a value under a key that is there already without touching the key, which may be quoted or have comments. */
function setKeepingKey(rules: YAMLMap, name: string, value: unknown): void {
  const pair = rules.items.find(({ key }) => (isScalar(key) ? key.value : key) === name);
  if (pair === undefined) rules.set(name, value);
  else pair.value = value;
}
