import { isAlias, isMap, isScalar, isSeq, YAMLParseError } from 'yaml';
import type { Document, Node, Pair, YAMLError } from 'yaml';
import { readYaml, TooMuchYaml } from './bounded-yaml.ts';
import { pointer } from './pointer.ts';
import type { Reporter } from './diagnostic.ts';
import type { SourceEntry, SourceNode } from './source-node.ts';
import type { Span } from './source-text.ts';
import { printable, quoted } from './printable.ts';
import { positionInScalar } from './scalar-positions.ts';
import { syntaxProblems } from './yaml-errors.ts';

/** Argument schemas nest; 32 levels of them is more than anybody reads. */
const MAX_DEPTH = 40;

/**
 * Reads YAML 1.2 (JSON included) into a tree with positions. Everything that two YAML readers may read differently, or that can
 * make a small file large, is reported and not read: aliases, anchors, tags, directives, merge keys, duplicate keys, keys that
 * are not strings, more than one document. Returns null when the text is not YAML at all.
 * This file and bounded-yaml.ts alone import `yaml`; they are loaded on demand.
 */
export function parseYaml(text: string, reporter: Reporter): SourceNode | null {
  let document: Document.Parsed;
  let second: Document.Parsed | null;
  try {
    ({ document, second } = readYaml(text));
  } catch (error) {
    // The library recurses; a stack that is full for another reason ends here too.
    if (!(error instanceof TooMuchYaml) && !(error instanceof RangeError)) throw error;
    const [code, at, message] = error instanceof TooMuchYaml ? [error.code, error.at, error.message] : ['too_deep', 0, 'the document is nested too deeply to read'];
    reporter.error(code, { start: at, end: at }, '', message, null);
    return null;
  }
  const several = second === null ? [] : [new YAMLParseError([second.range[0], second.range[1]], 'MULTIPLE_DOCS', 'a second document')];
  const problems: YAMLError[] = [...several, ...document.errors, ...document.warnings.filter((warning) => warning.code !== 'TAG_RESOLVE_FAILED')];
  for (const problem of syntaxProblems(problems, text)) reporter.error(problem.code, problem.span, '', problem.message, problem.help);
  const directive = /^%[^\n]*/m.exec(text);
  if (directive !== null && (document.directives.yaml.explicit === true || Object.keys(document.directives.tags).length > 1)) {
    const span = { start: directive.index, end: directive.index + directive[0].length };
    reporter.error('directive', span, '', 'YAML directives are not supported', 'remove this line');
  }
  if (reporter.failed) return null;
  return new Reader(reporter, text).read(document.contents, []);
}

class Reader {
  readonly #reporter: Reporter;
  readonly #text: string;

  constructor(reporter: Reporter, text: string) {
    this.#reporter = reporter;
    this.#text = text;
  }

  read(node: Node | null, path: readonly (string | number)[], where?: Span): SourceNode {
    const span = where ?? this.#span(node);
    if (node === null) return { kind: 'null', span };
    if (path.length > MAX_DEPTH) return this.#broken('too_deep', span, path, `nested deeper than ${MAX_DEPTH} levels`, null);
    if (isAlias(node)) {
      const name = printable(node.source, 60);
      return this.#broken('alias', span, path, `\`*${name}\` is a YAML alias; aliases are not supported`, `if this is a selector, quote it: "*${name}"; otherwise write the value out`);
    }
    if ('anchor' in node && typeof node.anchor === 'string') {
      const name = printable(node.anchor, 60);
      return this.#broken('anchor', this.#spanOfAnchor(node.anchor, span), path, `\`&${name}\` is a YAML anchor; anchors are not supported`, `remove \`&${name}\` and write the value out wherever it is needed`);
    }
    if (node.tag !== undefined) {
      const place = this.#spanOfTag(span);
      // `require: !has(args.x)` looks like a condition and is none.
      if (node.tag.startsWith('!') && holdsCondition(path)) {
        return this.#broken('tag', place, path, 'a value that begins with `!` is a YAML tag, not a condition', 'put the whole condition in quotes, as in "!has(args.x)"');
      }
      return this.#broken('tag', place, path, `the YAML tag ${quoted(node.tag, 60)} is not supported`, 'remove the tag; quote the value if it must be a string');
    }
    if (isMap(node)) {
      const entries = this.#readMap(node.items, path);
      return { kind: 'map', span, entries, damaged: entries.length < node.items.length };
    }
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.read(isNode(item) ? item : null, [...path, index]));
      return { kind: 'list', span, items };
    }
    if (isScalar(node)) return this.#readScalar(node.value, node.source ?? '', span, path);
    return this.#broken('unreadable', span, path, 'this is not a map, a list or a plain value', null);
  }

  #readScalar(value: unknown, text: string, span: Span, path: readonly (string | number)[]): SourceNode {
    if (typeof value === 'string') return { kind: 'string', span, value, locate: (offset) => positionInScalar(this.#text, span, value, offset) };
    if (typeof value === 'number') return { kind: 'number', span, value, text };
    if (typeof value === 'boolean') return { kind: 'boolean', span, value };
    if (value === null) return { kind: 'null', span };
    return this.#broken('unreadable', span, path, 'this value is not a string, a number, a boolean or null', null);
  }

  #readMap(pairs: readonly Pair[], path: readonly (string | number)[]): SourceEntry[] {
    const entries: SourceEntry[] = [];
    const seen = new Set<string>();
    for (const pair of pairs) {
      const keyNode = isNode(pair.key) ? pair.key : null;
      const keySpan = this.#span(keyNode);
      const key = this.#readKey(keyNode, keySpan, path);
      if (key === null) continue;
      const keyPath = [...path, key];
      if (seen.has(key)) {
        this.#reporter.error('duplicate_key', keySpan, pointer(...keyPath), `the key ${quoted(key, 60)} is here twice`, 'keep one of the two; a second one would silently replace the first');
        continue;
      }
      seen.add(key);
      const valueNode = isNode(pair.value) ? pair.value : null;
      entries.push({ key, keySpan, value: this.read(valueNode, keyPath, valueNode === null ? keySpan : undefined) });
    }
    return entries;
  }

  #readKey(node: Node | null, span: Span, path: readonly (string | number)[]): string | null {
    const at = pointer(...path);
    if (node === null || (isScalar(node) && node.source === '' && node.value === null)) {
      this.#reporter.error('key_type', span, at, 'a key is missing; expected a string', 'write the key before the colon, in quotes if it is empty');
      return null;
    }
    if (isAlias(node) || ('anchor' in node && typeof node.anchor === 'string') || node.tag !== undefined) {
      this.read(node, path);
      return null;
    }
    if (!isScalar(node)) {
      this.#reporter.error('key_type', span, at, 'a key is a list or a map; expected a string', 'if the name holds brackets or braces, put it in quotes');
      return null;
    }
    if (typeof node.value !== 'string') {
      const text = printable(node.source ?? '', 60);
      this.#reporter.error('key_type', span, at, `the key \`${text}\` is not a string`, `put it in quotes: "${text}"`);
      return null;
    }
    if (node.value === '<<' && node.type === 'PLAIN') {
      this.#reporter.error('merge_key', span, at, '`<<` is a YAML merge key; merge keys are not supported', 'write the merged keys out; a tool of that name goes in quotes: "<<"');
      return null;
    }
    return node.value;
  }

  #span(node: Node | null): Span {
    const range = node?.range;
    if (range === undefined || range === null) return { start: this.#text.length, end: this.#text.length };
    return { start: range[0], end: Math.max(range[1], range[0]) };
  }

  /** As for an anchor. */
  #spanOfTag(value: Span): Span {
    const line = this.#text.slice(this.#text.lastIndexOf('\n', value.start - 1) + 1, value.start);
    const tag = /![^\s,[\]{}]*\s*$/.exec(line);
    return tag === null ? value : { start: value.start - line.length + tag.index, end: value.start - line.length + tag.index + tag[0].trimEnd().length };
  }

  /** The reader gives the place of the value; its anchor stands before it. */
  #spanOfAnchor(anchor: string, value: Span): Span {
    const at = this.#text.lastIndexOf(`&${anchor}`, value.start);
    return at === -1 ? value : { start: at, end: at + 1 + anchor.length };
  }

  #broken(code: string, span: Span, path: readonly (string | number)[], message: string, help: string | null): SourceNode {
    this.#reporter.error(code, span, pointer(...path), message, help);
    return { kind: 'broken', span };
  }
}

const CONDITIONS: ReadonlySet<string | number | undefined> = new Set(['require', 'deny_if', 'when', 'if']);

/** Whether an expression is expected at the path: `/tools/x/require`, `/tools/x/deny_if/0`. */
function holdsCondition(path: readonly (string | number)[]): boolean {
  return CONDITIONS.has(path.findLast((token) => typeof token === 'string'));
}

function isNode(value: unknown): value is Node {
  return isAlias(value) || isMap(value) || isSeq(value) || isScalar(value);
}
