import { isDeepStrictEqual } from 'node:util';
import type { Format } from './clients.ts';
import { readConfigText, type ServerEntry } from './entries.ts';
import type { HttpServer, StdioServer } from './server-spec.ts';
import { applyEdits, type Edit, type Field, member, type SyntaxNode } from './syntax.ts';
import type { WrapPlan } from './wrap-plan.ts';
import { fieldIndent, indentUnit, insertField, insertItems, lineBreak, pairText, textLiteral } from './write-syntax.ts';

export type EditsResult = { readonly ok: true; readonly edits: readonly Edit[] } | { readonly ok: false; readonly reason: string };

/** The edits that turn one entry into its wrapped form. They touch nothing outside of the entry. */
export function wrapEdits(text: string, entry: ServerEntry, server: StdioServer | HttpServer, plan: WrapPlan): EditsResult {
  const edits = server.kind === 'stdio' ? stdioEdits(text, entry, server, plan) : httpEdits(text, entry, server, plan);
  if (typeof edits === 'string') return { ok: false, reason: edits };
  if (edits.some((edit) => edit.start < entry.start || edit.end > entry.end)) return { ok: false, reason: 'its parts stand at different places of the file; put them together' };
  return { ok: true, edits };
}

function stdioEdits(text: string, entry: ServerEntry, server: StdioServer, plan: WrapPlan): readonly Edit[] | string {
  const nested = server.nested ? entry.fields.find((field) => field.key === 'command')?.value : undefined;
  const fields = nested === undefined ? entry.fields : nested.fields;
  const command = fields.find((field) => field.key === (server.nested ? 'path' : 'command'));
  const args = fields.find((field) => field.key === 'args');
  if (command === undefined) return 'its command is written in a way that cannot be edited';
  const edits: Edit[] = [replace(command.value, textLiteral(plan.command, entry.style))];
  if (args === undefined || args.value.kind !== 'array') {
    const at = args ?? command;
    if (args !== undefined) edits.push(replace(args.value, listLiteral(text, args, entry, plan.args)));
    else edits.push(insertField(text, at, 'args', listLiteral(text, at, entry, plan.args), entry.style));
  } else edits.push(insertItems(text, args.value, fieldIndent(text, args), plan.args, entry.style));
  return edits;
}

function httpEdits(text: string, entry: ServerEntry, server: HttpServer, plan: WrapPlan): readonly Edit[] | string {
  const find = (key: string): Field | undefined => entry.fields.find((field) => field.key === key);
  const url = find(server.urlKey);
  if (url === undefined) return 'its URL is written in a way that cannot be edited';
  const { style } = entry;
  const added: string[] = [pairText('command', textLiteral(plan.command, style), style), pairText('args', listLiteral(text, url, entry, plan.args), style)];
  const edits: Edit[] = [];

  const type = find('type');
  if (type !== undefined) edits.push(replace(type.value, textLiteral('stdio', style)));

  const moved = plan.urlVariable === null ? null : { name: plan.urlVariable, value: text.slice(url.value.start, url.value.end) };
  const headers = server.headersKey === null ? undefined : find(server.headersKey);
  if (headers !== undefined) {
    const renamed = renameHeaders(headers, plan, style);
    if (renamed === null) return 'its headers are written in a way that cannot be edited';
    edits.push(...renamed);
    if (moved !== null) {
      const [first] = headers.value.fields;
      if (first === undefined) return 'its URL has to move to a variable, and its list of headers is empty; remove that list';
      edits.push({ start: first.keyStart, end: first.keyStart, text: `${pairText(moved.name, moved.value, style)}${separator(text, first, headers, style)}` });
    }
  } else if (server.headersKey !== null) return 'its headers are written in a way that cannot be edited';
  else if (moved !== null) added.push(pairText('env', style === 'json' ? `{ ${pairText(moved.name, moved.value, style)} }` : `{ ${moved.name} = ${moved.value} }`, style));

  // Codex refuses a server with a command and any key that belongs to a URL.
  const foreign = entry.fields.filter((field) => field.key === 'env_http_headers' || field.key === 'bearer_token_env_var');
  const [first, ...others] = foreign;
  if (first !== undefined) {
    if (foreign.some((field) => field.keyStart > field.value.start)) return 'its env_http_headers are a table of their own; write them as { ... }';
    if (others.length > 0 && style === 'toml-inline') return 'it has two lists of variables in one line; write it as a table';
    edits.push({ start: first.keyStart, end: first.value.end, text: pairText('env_vars', `[${plan.passVariables.map((name) => textLiteral(name, style)).join(', ')}]`, style) });
    edits.push(...others.map((field) => ({ start: field.keyStart, end: field.value.end, text: '' })));
  }
  edits.push({ start: url.keyStart, end: url.value.end, text: added.join(separator(text, url, null, style)) });
  return edits;
}

function renameHeaders(headers: Field, plan: WrapPlan, style: ServerEntry['style']): readonly Edit[] | null {
  if (headers.value.kind !== 'object') return null;
  const edits: Edit[] = [{ start: headers.keyStart, end: headers.keyEnd, text: style === 'json' ? '"env"' : 'env' }];
  for (const { from, to } of plan.headerVariables) {
    const field = headers.value.fields.find((each) => each.key === from);
    if (field === undefined) return null;
    edits.push({ start: field.keyStart, end: field.keyEnd, text: style === 'json' ? JSON.stringify(to) : to });
  }
  return edits;
}

/** What stands between two fields: a line where the author put them on lines. @param holder the field whose value holds `field`, if any */
function separator(text: string, field: Field, holder: Field | null, style: ServerEntry['style']): string {
  // Pairs of a TOML table, which begins before its key, are on lines of their own; those of `{ ... }` are not.
  const inline = holder === null ? style === 'toml-inline' : holder.keyStart < holder.value.start;
  const indent = fieldIndent(text, field);
  if (style !== 'json' && !inline) return `${lineBreak(text)}${indent ?? ''}`;
  return indent === null ? ', ' : `,${lineBreak(text)}${indent}`;
}

function listLiteral(text: string, beside: Field, entry: ServerEntry, items: readonly string[]): string {
  const literals = items.map((item) => textLiteral(item, entry.style));
  const indent = fieldIndent(text, beside);
  if (indent === null || entry.style === 'toml-inline') return `[${literals.join(', ')}]`;
  const eol = lineBreak(text);
  const deeper = `${indent}${indentUnit(text, entry.start, indent)}`;
  return `[${eol}${literals.map((literal) => `${deeper}${literal}`).join(`,${eol}`)}${eol}${indent}]`;
}

function replace(node: SyntaxNode, text: string): Edit {
  return { start: node.start, end: node.end, text };
}

/**
 * Applies the edits of one file and reads the result again: every entry must say what was planned, and everything else must say what it
 * said. A file for which that cannot be shown is not touched.
 * @throws Error when it cannot
 */
export function applyVerified(text: string, format: Format, containers: readonly (readonly string[])[], edits: readonly Edit[], expected: ReadonlyMap<string, { readonly command: string; readonly args: readonly string[] }>): string {
  const before = readConfigText(text, format, containers);
  const result = applyEdits(text, edits);
  const after = readConfigText(result, format, containers);
  const key = (entry: ServerEntry): string => JSON.stringify(entry.path);
  for (const entry of after.entries) {
    const wanted = expected.get(key(entry));
    const original = before.entries.find((each) => key(each) === key(entry));
    if (original === undefined) throw new Error('an entry would appear');
    if (wanted === undefined) {
      if (!isDeepStrictEqual(entry.value, original.value)) throw new Error('another entry would change');
      continue;
    }
    const nested = member(entry.value, 'command');
    const holder = typeof nested === 'object' && nested !== null ? nested : entry.value;
    const command = holder === nested ? member(nested, 'path') : nested;
    if (command !== wanted.command || !isDeepStrictEqual(member(holder, 'args'), wanted.args)) throw new Error('an entry would not say what it should');
  }
  if (after.entries.length !== before.entries.length) throw new Error('an entry would vanish');
  if (!isDeepStrictEqual(without(after.value, after.entries), without(before.value, before.entries))) throw new Error('something else would change');
  return result;
}

/** The document without its servers. */
function without(value: unknown, entries: readonly ServerEntry[], path: readonly string[] = []): unknown {
  if (entries.some((entry) => entry.path.length === path.length && entry.path.every((key, index) => key === path[index]))) return null;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) return value;
  if (!entries.some((entry) => path.every((key, index) => key === entry.path[index]))) return value;
  return Object.entries(value).map(([key, child]) => [key, without(child, entries, [...path, key])]);
}
