import type { ClientFeature, TargetKind } from './types.ts';
import type { Action, PolicyDocument, SelectorModel } from './document.ts';
import { CLIENT_FEATURES, KINDS, SECTION } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import type { Sources } from './sources.ts';
import type { SourceEntry, SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import type { Span } from './source-text.ts';
import { pointer } from './pointer.ts';
import { printable, quoted } from './printable.ts';
import { ACTIONS, checkAction, checkSelectorValue, RULE_KEYS } from './check-rule.ts';
import { checkJournal } from './check-journal.ts';
import { checkSelectors } from './check-selector.ts';
import { unknownKey, wordOf } from './check-words.ts';

const REQUIRED: readonly (readonly [key: string, help: string])[] = [
  ['version', 'add `version: "1"`'],
  ['default', 'add `default: deny`: it says what happens to what no rule names'],
];
const START = 'start with `version: "1"` and `default: deny`';
const DOCUMENT_KEYS = ['version', 'description', 'default', 'mode', 'tools', 'resources', 'prompts', 'client', 'journal'] as const;

/**
 * Checks a whole document and reports everything that is wrong with its structure. The result is meaningful only while the reporter
 * has no error. Expressions and schemas are collected in `sources`, to be compiled. policy.md, "Document".
 */
export function checkDocument(root: SourceNode, reporter: Reporter, sources: Sources): PolicyDocument | null {
  if (root.kind !== 'map') {
    if (root.kind === 'null') reporter.error('empty_document', { start: 0, end: 0 }, '', 'the document is empty; expected a map with `version` and `default`', START);
    else if (root.kind !== 'broken') reporter.error('wrong_type', root.span, '', `the document is ${found(root)}; expected a map`, START);
    return null;
  }
  const fields = new Map<string, SourceEntry>();
  const misspelt = new Set<string | null>();
  for (const entry of root.entries) {
    if ((DOCUMENT_KEYS as readonly string[]).includes(entry.key)) fields.set(entry.key, entry);
    else misspelt.add(unknownKey(reporter, entry, pointer(entry.key), 'the document', DOCUMENT_KEYS, hintForTopLevel(entry)));
  }
  for (const [key, help] of REQUIRED) {
    if (!fields.has(key) && !misspelt.has(key) && !root.damaged) reporter.error('missing_key', startOf(root.span), '', `\`${key}\` is missing`, help);
  }
  checkVersion(fields.get('version'), reporter);
  const rules = Object.fromEntries(KINDS.map((kind) => [kind, checkSection(kind, fields.get(SECTION[kind]), reporter, sources)])) as Record<TargetKind, SelectorModel[]>;
  return {
    description: checkDescription(fields.get('description'), reporter),
    default: checkDefault(fields.get('default'), reporter),
    mode: checkMode(fields.get('mode'), reporter),
    rules,
    client: checkClient(fields.get('client'), reporter),
    journal: checkJournal(fields.get('journal'), reporter),
  };
}

function hintForTopLevel({ key, value }: SourceEntry): string | null {
  if ((RULE_KEYS as readonly string[]).includes(key)) return `\`${key}\` belongs to a rule: write it under \`tools:\` and a tool name`;
  const isRule = (value.kind === 'string' && (ACTIONS as readonly string[]).includes(value.value)) || value.kind === 'map';
  return isRule ? 'rules go under `tools:`, `resources:` or `prompts:`' : null;
}

function startOf(span: Span): Span {
  return { start: span.start, end: span.start };
}

function checkVersion(entry: SourceEntry | undefined, reporter: Reporter): void {
  if (entry === undefined) return;
  const { value } = entry;
  if (value.kind === 'broken' || (value.kind === 'string' && value.value === '1')) return;
  const help = value.kind === 'number' && value.value === 1 ? 'put it in quotes: version: "1"' : 'write `version: "1"`';
  reporter.error('bad_version', value.span, '/version', `\`version\` is ${found(value)}; expected the string "1"`, help);
}

function checkDescription(entry: SourceEntry | undefined, reporter: Reporter): string | null {
  if (entry === undefined || entry.value.kind === 'broken') return null;
  if (entry.value.kind === 'string') return entry.value.value;
  reporter.error('wrong_type', entry.value.span, '/description', `\`description\` is ${found(entry.value)}; expected a string`, 'put the text in quotes');
  return null;
}

function checkDefault(entry: SourceEntry | undefined, reporter: Reporter): Action {
  if (entry === undefined) return 'deny';
  return checkAction(entry.value, '/default', '`default`', reporter) ?? 'deny';
}

function checkMode(entry: SourceEntry | undefined, reporter: Reporter): 'enforce' | 'observe' {
  if (entry === undefined) return 'enforce';
  return wordOf(entry.value, ['enforce', 'observe'], '/mode', '`mode`', 'bad_mode', reporter) ?? 'enforce';
}

function checkSection(kind: TargetKind, entry: SourceEntry | undefined, reporter: Reporter, sources: Sources): SelectorModel[] {
  if (entry === undefined || entry.value.kind === 'broken') return [];
  const section = SECTION[kind];
  const { value } = entry;
  if (value.kind !== 'map') {
    const glued = value.kind === 'string' ? /^(\S+?):(\S+)$/.exec(value.value) : null;
    const help =
      value.kind === 'null'
        ? `remove \`${section}:\`, or write \`${section}: {}\``
        : glued !== null
          ? `put a space after the colon: \`${printable(glued[1] ?? '', 60)}: ${printable(glued[2] ?? '', 60)}\``
          : `write one \`name: rule\` per line under \`${section}:\``;
    reporter.error('wrong_type', value.span, pointer(section), `\`${section}\` is ${found(value)}; expected a map of selectors to rules`, help);
    return [];
  }
  checkSelectors(kind, value.entries, reporter);
  return value.entries.flatMap((rule) => {
    const checked = checkSelectorValue(rule, pointer(section, rule.key), { kind, selector: rule.key, reporter, sources });
    return checked === null ? [] : [checked];
  });
}

function checkClient(entry: SourceEntry | undefined, reporter: Reporter): ReadonlyMap<ClientFeature, 'allow' | 'deny'> {
  const answers = new Map<ClientFeature, 'allow' | 'deny'>();
  if (entry === undefined || entry.value.kind === 'broken') return answers;
  if (entry.value.kind !== 'map') {
    reporter.error('wrong_type', entry.value.span, '/client', `\`client\` is ${found(entry.value)}; expected a map`, 'write for example `client: { sampling: deny }`');
    return answers;
  }
  for (const item of entry.value.entries) {
    const at = pointer('client', item.key);
    const feature = CLIENT_FEATURES.find((name) => name === item.key);
    if (feature === undefined) {
      unknownKey(reporter, item, at, '`client`', CLIENT_FEATURES, null);
      continue;
    }
    const answer = wordOf(item.value, ['allow', 'deny'], at, quoted(feature), 'bad_client_answer', reporter);
    if (answer !== null) answers.set(feature, answer);
  }
  return answers;
}
