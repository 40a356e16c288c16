import { LineCounter, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import { quoted } from '../../policy/printable.ts';
import { expand } from './expand.ts';
import type { MapEntry, Position, Problem, ProblemDetails, TreeNode } from './tree.ts';

/** A document with more nodes than this is no configuration. Aliases count each time they are used, so a bomb stops here. */
const MAX_NODES = 100_000;
const MAX_DEPTH = 32;
/** Each use of an alias searches the document for its anchor. */
const MAX_ALIASES = 1_000;

export interface ParsedTree {
  /** Null when the text is not YAML, or empty. */
  readonly root: TreeNode | null;
  readonly problems: readonly Problem[];
}

/**
 * Parses YAML (or JSON) into a tree with positions, and expands `${VAR}` in every string value. All problems of the text are
 * reported; values of variables appear in none of them. Import this file on demand: it brings the YAML
 * library with it.
 */
export function parseTree(text: string, env: Readonly<Record<string, string | undefined>>): ParsedTree {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const error = (at: Position, message: string, details: ProblemDetails = {}): void => {
    problems.push({ severity: 'error', code: details.code ?? 'syntax', at, message, found: details.found ?? null, expected: details.expected ?? null, help: details.help ?? null });
  };
  const position = (offset: number | undefined): Position => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };

  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, strict: true, stringKeys: false, prettyErrors: false, merge: false });
  const documents = Array.isArray(parsed) ? parsed : [];
  const document = documents[0];
  if (document === undefined) {
    error({ line: 1, column: 1 }, 'the file is empty', { expected: 'a map with servers, policies and grants' });
    return { root: null, problems };
  }
  for (const found of documents.flatMap((each) => [...each.errors, ...each.warnings])) error(position(found.pos[0]), lowerFirst(found.message));
  const second = documents[1];
  if (second !== undefined) error(position(second.range[0]), 'a second document begins here', { expected: 'one document per file', help: 'remove the `---` line' });
  if (problems.length > 0) return { root: null, problems };

  let nodes = 0;
  let aliases = 0;
  let overflowed = false;
  const convert = (node: unknown, at: Position, depth: number): TreeNode => {
    nodes += 1;
    if (isAlias(node)) aliases += 1;
    if (nodes > MAX_NODES || depth > MAX_DEPTH || aliases > MAX_ALIASES) {
      if (!overflowed) {
        error(at, 'the document is too large', { expected: `at most ${MAX_NODES} values with what aliases repeat, ${MAX_DEPTH} levels, ${MAX_ALIASES} aliases` });
      }
      overflowed = true;
      return { kind: 'scalar', at, value: null, variables: [], broken: true };
    }
    if (isAlias(node)) return convert(node.resolve(document), position(node.range?.[0]), depth + 1);
    if (isMap(node)) {
      const here = position(node.range?.[0]);
      const entries: MapEntry[] = [];
      for (const pair of node.items) {
        const key = isAlias(pair.key) ? pair.key.resolve(document) : pair.key;
        const keyAt = position((pair.key as { range?: [number, number, number] | null } | null)?.range?.[0] ?? node.range?.[0]);
        if (!isScalar(key) || typeof key.value !== 'string') {
          error(keyAt, 'a key must be text', { help: 'put it in quotes' });
          continue;
        }
        entries.push({ key: key.value, at: keyAt, value: convert(pair.value, keyAt, depth + 1) });
      }
      return { kind: 'map', at: here, entries };
    }
    if (isSeq(node)) {
      const here = position(node.range?.[0]);
      return { kind: 'list', at: here, items: node.items.map((item) => convert(item, here, depth + 1)) };
    }
    if (!isScalar(node)) return { kind: 'scalar', at, value: null, variables: [], broken: false };
    const here = node.range === null || node.range === undefined ? at : position(node.range[0]);
    const value = node.value;
    if (typeof value === 'string') {
      const expansion = expand(value, env);
      for (const problem of expansion.problems) {
        if (problem.kind === 'missing') {
          error(here, `the environment variable ${problem.name} is not set or empty`, { code: 'missing_variable', help: `set ${problem.name} before the start; write $\${ for a literal \${` });
        } else {
          error(here, 'a `${` that names no variable', { code: 'malformed_variable', found: quoted(problem.text), expected: '${NAME}', help: 'write $${ for a literal ${' });
        }
      }
      if (expansion.problems.length > 0) return { kind: 'scalar', at: here, value: null, variables: [], broken: true };
      return { kind: 'scalar', at: here, value: expansion.text, variables: expansion.names, broken: false };
    }
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) return { kind: 'scalar', at: here, value, variables: [], broken: false };
    error(here, 'a value of this kind has no meaning here', { expected: 'text, a number, true or false' });
    return { kind: 'scalar', at: here, value: null, variables: [], broken: true };
  };

  const root = convert(document.contents, { line: 1, column: 1 }, 0);
  if (root.kind === 'scalar' && root.value === null && problems.length === 0) {
    error({ line: 1, column: 1 }, 'the file is empty', { expected: 'a map with servers, policies and grants' });
    return { root: null, problems };
  }
  return { root: overflowed ? null : root, problems };
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
