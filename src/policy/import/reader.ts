import { oneOf, unknownKey } from '../check-words.ts';
import type { Reporter } from '../diagnostic.ts';
import { pointer } from '../pointer.ts';
import { quoted } from '../printable.ts';
import type { SourceEntry, SourceNode } from '../source-node.ts';
import { found } from '../source-node.ts';
import { suggest } from '../suggest.ts';
import { Notes } from './notes.ts';

/** A value of the old file with its place. */
export interface At {
  readonly node: SourceNode;
  readonly at: string;
}

/**
 * Reads an old file strictly: what the old programs ignored is an error here, because a misspelt key there was a rule that was never
 * enforced (rivals.md, "The ancestor", 5).
 */
export class OldReader {
  readonly reporter: Reporter;
  readonly notes: Notes;

  constructor(reporter: Reporter) {
    this.reporter = reporter;
    this.notes = new Notes(reporter);
  }

  error(code: string, { node, at }: At, message: string, help: string | null): null {
    if (node.kind !== 'broken') this.reporter.error(code, node.span, at, message, help);
    return null;
  }

  /** The fields of a map; null when it is none. Unknown keys are reported. */
  fields(value: At, place: string, known: readonly string[], hint: (entry: SourceEntry) => string | null = () => null): ReadonlyMap<string, At> | null {
    const { node, at } = value;
    if (node.kind !== 'map') return this.error('wrong_type', value, `${place} is ${found(node)}; expected a map with ${oneOf(known)}`, null);
    const fields = new Map<string, At>();
    for (const entry of node.entries) {
      if (known.includes(entry.key)) fields.set(entry.key, { node: entry.value, at: at + pointer(entry.key) });
      else unknownKey(this.reporter, entry, at + pointer(entry.key), place, known, hint(entry));
    }
    return fields;
  }

  list(value: At | undefined, place: string): readonly At[] {
    if (value === undefined) return [];
    const { node, at } = value;
    if (node.kind === 'list') return node.items.map((item, index) => ({ node: item, at: at + pointer(index) }));
    this.error('wrong_type', value, `${place} is ${found(node)}; expected a list`, node.kind === 'null' ? 'write `[]`' : null);
    return [];
  }

  /** The entries of a map of tools. A name with `*` matched nothing, and would match much here. */
  tools(value: At | undefined): readonly { readonly name: string; readonly value: At; readonly key: At }[] {
    if (value === undefined) return [];
    const { node, at } = value;
    if (node.kind === 'null') return [];
    if (node.kind !== 'map') {
      this.error('wrong_type', value, `\`tools\` is ${found(node)}; expected a map of tool names`, null);
      return [];
    }
    return node.entries.map(({ key, keySpan, value: tool }) => {
      const here = at + pointer(key);
      const place = { node: { kind: 'string', span: keySpan, value: key } as const, at: here };
      if (key !== '*') this.checkName(key, place);
      return { name: key, value: { node: tool, at: here }, key: place };
    });
  }

  checkName(name: string, place: At): void {
    if (name.trim() === '') this.error('empty_name', place, 'a tool name is empty', 'remove it');
    else if (name.includes('*') || name.startsWith('@')) {
      this.error('no_glob', place, `the name ${quoted(name, 60)} was compared as it is, so it matched no tool; here it would be a pattern`, 'write the names of the tools, or remove it and write the pattern into the imported file');
    }
  }

  text(value: At | undefined, subject: string): string | null {
    if (value === undefined) return null;
    if (value.node.kind === 'string') return value.node.value;
    return this.error('wrong_type', value, `${subject} is ${found(value.node)}; expected a string`, 'put it in quotes');
  }

  /** A message for the agent; nothing when it is empty. */
  reason(value: At | undefined): string | null {
    const text = this.text(value, '`on_deny`')?.trim() ?? '';
    if (text.length > 1000) return this.error('too_long', value as At, `\`on_deny\` has ${text.length} characters; a reason has at most 1000`, null);
    return text === '' ? null : text;
  }

  word<W extends string>(value: At | undefined, subject: string, words: readonly W[]): W | null {
    if (value === undefined) return null;
    const { node } = value;
    const word = node.kind === 'string' ? words.find((candidate) => candidate === node.value) : undefined;
    if (word !== undefined) return word;
    const near = node.kind === 'string' ? suggest(node.value, words) : null;
    return this.error('bad_word', value, `${subject} is ${found(node)}; expected ${oneOf(words)}`, near === null ? null : `did you mean \`${near}\`?`);
  }

  /** A whole number, at least 1. */
  count(value: At | undefined, subject: string): number | null {
    if (value === undefined) return null;
    const { node } = value;
    if (node.kind === 'number' && Number.isSafeInteger(node.value) && node.value >= 1) return node.value;
    return this.error('bad_number', value, `${subject} is ${found(node)}; expected a whole number, at least 1`, null);
  }

  /** `version`, `description`, `default` and `hide` are the same in both dialects. */
  head(fields: ReadonlyMap<string, At>, root: At): { description: string | null; default: 'allow' | 'deny'; hidden: readonly string[] } {
    const version = fields.get('version');
    const start = { node: { ...root.node, span: { start: root.node.span.start, end: root.node.span.start } }, at: '' };
    if (version === undefined) this.error('missing_key', start, '`version` is missing', 'add `version: "1"`');
    else if (!(version.node.kind === 'string' && version.node.value === '1') && !(version.node.kind === 'number' && version.node.value === 1)) {
      this.error('bad_version', version, `\`version\` is ${found(version.node)}; expected "1"`, null);
    }
    const fallback = fields.get('default');
    const isEmpty = fallback === undefined || (fallback.node.kind === 'string' && fallback.node.value === '');
    if (isEmpty) this.notes.add('default_was_allow', start.node.span, '/default');
    const word = isEmpty ? 'allow' : (this.word(fallback, '`default`', ['allow', 'deny']) ?? 'deny');
    if (word === 'deny') this.notes.add('more_than_tools', fallback?.node.span ?? start.node.span, '/default');
    return { description: this.text(fields.get('description'), '`description`'), default: word, hidden: this.#hidden(fields.get('hide')) };
  }

  #hidden(value: At | undefined): readonly string[] {
    const names = new Set<string>();
    for (const entry of value?.node.kind === 'null' ? [] : this.list(value, '`hide`')) {
      const name = this.text(entry, 'an entry of `hide`');
      if (name === null) continue;
      if (name !== '*') this.checkName(name, entry);
      if (names.has(name)) this.error('duplicate_entry', entry, `${quoted(name, 60)} is in \`hide\` twice`, 'remove one of the two');
      names.add(name);
    }
    if (value !== undefined && names.size > 0) this.notes.add('hidden_like_unknown', value.node.span, value.at);
    return [...names];
  }
}
