import type { Document, Node } from 'yaml';
import { parseDocument, YAMLMap } from 'yaml';
import { isMap as isPlainMap } from './render.ts';
import type { Source, Splice } from './splices.ts';
import { addMember, hasComment, isYamlMap, isYamlScalar, isYamlSeq, memberOf, readSource, removeMember, replaceValue, splice } from './splices.ts';

export type Section = 'tools' | 'resources' | 'prompts';

/**
 * One change of the rule of a selector. `set`: keys of the rule with their new values, `undefined` takes a key out; the others stay as they are written.
 * `rule`: the whole rule anew. `remove`: the selector goes.
 */
export type RuleChange = { readonly section?: Section; readonly selector: string; /** Which rule of a list. */ readonly index?: number } & (
  | { readonly set: Readonly<Record<string, unknown>> }
  | { readonly rule: unknown }
  | { readonly remove: true }
);

export type Edited = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

const START = 'version: "1"\ndefault: deny\n';

/**
 * Changes rules in a policy's text. Everything that is not changed keeps its bytes: comments, order, spaces, quotes. The result is read again and
 * compared with what was meant; where an edit in place would say anything else, the document is written anew by the YAML library.
 */
export function editRules(text: string, changes: readonly RuleChange[]): Edited {
  const source = readSource(text.trim() === '' ? START : text);
  if (source === null) return { ok: false, problem: 'The text has a mistake of form. Repair it first: the lines are marked in the editor.' };
  const meant = intended(source, changes);
  if (typeof meant === 'string') return { ok: false, problem: meant };
  try {
    const edited = splice(source.text, inPlace(source, changes));
    if (same(parseDocument(edited), meant)) return { ok: true, text: edited };
  } catch {
    // Edits that touch each other: the document is written as a whole.
  }
  return { ok: true, text: source.style === 'json' ? `${JSON.stringify(meant.toJS(), null, 2)}\n` : String(meant) };
}

/** Puts a member of the document itself, such as `default`. */
export function setDocumentKey(text: string, name: string, value: unknown): Edited {
  const source = readSource(text.trim() === '' ? START : text);
  if (source === null || !isYamlMap(source.document.contents)) return { ok: false, problem: 'The text has a mistake of form.' };
  const pair = memberOf(source.document.contents, name);
  return { ok: true, text: splice(source.text, [pair === null ? addMember(source, source.document.contents, name, value) : replaceValue(source, pair, value)]) };
}

/** The value of a selector as it is written; undefined where it has none, or the text cannot be read. */
export function ruleOf(text: string, selector: string, section: Section = 'tools'): unknown {
  const plain = plainOf(text);
  const rules = isPlainMap(plain) ? plain[section] : undefined;
  return isPlainMap(rules) && Object.hasOwn(rules, selector) ? rules[selector] : undefined;
}

/** The whole document; undefined where it cannot be read. */
export function plainOf(text: string): unknown {
  const source = readSource(text);
  return source?.document.toJS();
}

function same(document: Document.Parsed, meant: Document): boolean {
  return document.errors.length === 0 && JSON.stringify(sorted(document.toJS())) === JSON.stringify(sorted(meant.toJS()));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isPlainMap(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]));
}

/** The document after the changes, made by the library's own editing: what the edit in place is held against. */
function intended(source: Source, changes: readonly RuleChange[]): Document | string {
  const document = source.document.clone() as Document;
  for (const change of changes) {
    const section = change.section ?? 'tools';
    const path: (string | number)[] = [section, change.selector, ...(change.index === undefined ? [] : [change.index])];
    const rules = document.getIn([section], true);
    if (!isYamlMap(rules)) {
      if ('remove' in change) continue;
      document.setIn([section], new YAMLMap());
    }
    if ('remove' in change) document.deleteIn(path);
    else if ('rule' in change) document.setIn(path, document.createNode(change.rule));
    else {
      const now = document.getIn(path, true);
      if (isYamlSeq(now)) return `${change.selector} has a list of rules. Change them one by one, or in the text.`;
      if (!isYamlMap(now)) document.setIn(path, document.createNode(fromWord(isYamlScalar(now) ? now.value : null)));
      for (const [name, value] of Object.entries(change.set)) {
        if (value === undefined) document.deleteIn([...path, name]);
        else document.setIn([...path, name], document.createNode(value));
      }
      const left = (document.getIn(path, true) as YAMLMap).toJSON() as Record<string, unknown>;
      document.setIn(path, shortest(left) === left ? document.getIn(path, true) : document.createNode(shortest(left)));
    }
  }
  return document;
}

const fromWord = (word: unknown): Record<string, unknown> => (typeof word === 'string' ? { action: word } : {});

/** A rule of an action alone is a word; one of nothing allows. */
function shortest(rule: Record<string, unknown>): unknown {
  const keys = Object.keys(rule);
  if (keys.length === 0) return 'allow';
  return keys.length === 1 && typeof rule['action'] === 'string' ? rule['action'] : rule;
}

function inPlace(source: Source, changes: readonly RuleChange[]): Splice[] {
  const out: Splice[] = [];
  const added = new Map<Section, [string, unknown][]>();
  const removed = new Map<Section, number>();
  for (const change of changes) {
    const section = change.section ?? 'tools';
    const rules = memberOf(source.document.contents, section)?.value;
    const pair = memberOf(rules, change.selector);
    if ('remove' in change) {
      if (pair === null || !isYamlMap(rules)) continue;
      removed.set(section, (removed.get(section) ?? 0) + 1);
      out.push(removeMember(source, rules, pair));
    } else if (pair === null) {
      const value = 'rule' in change ? change.rule : shortest(Object.fromEntries(Object.entries(change.set).filter(([, one]) => one !== undefined)));
      added.set(section, [...(added.get(section) ?? []), [change.selector, value]]);
    } else if ('rule' in change) {
      if (change.index !== undefined) throw new Error('written as a whole');
      out.push(replaceValue(source, pair, change.rule));
    } else out.push(...keysInPlace(source, pair, change.index, change.set));
  }
  for (const [section, count] of removed) {
    const rules = memberOf(source.document.contents, section)?.value;
    if (isYamlMap(rules) && rules.items.length === count) throw new Error('nothing would be left');
  }
  for (const [section, members] of added) out.push(...addRules(source, section, members));
  return out;
}

function addRules(source: Source, section: Section, members: readonly (readonly [string, unknown])[]): Splice[] {
  const root = source.document.contents;
  if (!isYamlMap(root)) throw new Error('no mapping');
  const pair = memberOf(root, section);
  const rules = pair?.value;
  if (isYamlMap(rules) && (rules.items.length > 0 || members.length === 1)) return members.map(([name, value]) => addMember(source, rules, name, value));
  const all = Object.fromEntries(members);
  if (source.style === 'json') return [pair === null ? addMember(source, root, section, all) : replaceValue(source, pair, all)];
  const lines = members.map(([name, value]) => addMember({ ...source, text: '' }, new YAMLMap(), name, value).insert).join('');
  if (pair !== null) {
    const now = replaceValue(source, pair, 'x');
    return [{ ...now, insert: lines }];
  }
  const end = source.text.trimEnd().length;
  return [{ from: end, to: source.text.length, insert: `\n${section}:${lines}\n` }];
}

function keysInPlace(source: Source, pair: NonNullable<ReturnType<typeof memberOf>>, index: number | undefined, set: Readonly<Record<string, unknown>>): Splice[] {
  const node: Node | null = index === undefined ? pair.value : isYamlSeq(pair.value) ? ((pair.value.items[index] as Node | undefined) ?? null) : null;
  if (!isYamlMap(node)) {
    if (index !== undefined) throw new Error('written as a whole');
    const rule = { ...fromWord(isYamlScalar(node) ? node.value : null) };
    return [replaceValue(source, pair, shortest(Object.fromEntries(Object.entries({ ...rule, ...set }).filter(([, value]) => value !== undefined))))];
  }
  const now = node.toJSON() as Record<string, unknown>;
  const after = Object.fromEntries(Object.entries({ ...now, ...set }).filter(([, value]) => value !== undefined));
  const short = shortest(after);
  if (short !== after) {
    if (index !== undefined || hasComment(source.text, node)) throw new Error('written as a whole');
    return [replaceValue(source, pair, short)];
  }
  const out: Splice[] = [];
  for (const [name, value] of Object.entries(set)) {
    const member = memberOf(node, name);
    if (value === undefined) {
      if (member !== null) out.push(removeMember(source, node, member));
    } else if (member === null) out.push(addMember(source, node, name, value, name === 'action'));
    else if (JSON.stringify(sorted(now[name])) !== JSON.stringify(sorted(value))) out.push(replaceValue(source, member, value));
  }
  return out;
}
