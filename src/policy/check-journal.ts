import type { JournalModel, RedactedModel } from './document.ts';
import { ARGUMENT_LOGGING } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import type { SourceEntry, SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import { readArgumentPath, writeArgumentPath } from './argument-path.ts';
import { pointer } from './pointer.ts';
import { quoted } from './printable.ts';
import { oneOf, unknownKey, wordOf } from './check-words.ts';

const JOURNAL_KEYS = ['arguments', 'redact'] as const;
/** Each is looked for in every call that is recorded with values. */
export const MOST_REDACTED = 100;

/** Checks `journal`: what the journal keeps of arguments. policy.md, "Document"; docs/decisions/0019-what-is-logged-of-arguments.md. */
export function checkJournal(entry: SourceEntry | undefined, reporter: Reporter): JournalModel | null {
  if (entry === undefined || entry.value.kind === 'broken') return null;
  const { value } = entry;
  if (value.kind !== 'map') {
    const help = value.kind === 'string' && (ARGUMENT_LOGGING as readonly string[]).includes(value.value) ? `write \`journal: { arguments: ${value.value} }\`` : 'write for example `journal: { arguments: names }`';
    reporter.error('wrong_type', value.span, '/journal', `\`journal\` is ${found(value)}; expected a map`, help);
    return null;
  }
  const fields = new Map<string, SourceEntry>();
  const misspelt = new Set<string | null>();
  for (const item of value.entries) {
    if ((JOURNAL_KEYS as readonly string[]).includes(item.key)) fields.set(item.key, item);
    else misspelt.add(unknownKey(reporter, item, pointer('journal', item.key), '`journal`', JOURNAL_KEYS, null));
  }
  const chosen = fields.get('arguments');
  const redact = fields.get('redact');
  if (chosen === undefined) {
    if (!misspelt.has('arguments') && !value.damaged) reporter.error('missing_key', value.span, '/journal', '`arguments` is missing in `journal`', `write \`arguments:\` with ${oneOf(ARGUMENT_LOGGING)}`);
    if (redact !== undefined) checkRedact(redact.value, reporter);
    return null;
  }
  const level = wordOf(chosen.value, ARGUMENT_LOGGING, '/journal/arguments', '`arguments`', 'bad_journal_arguments', reporter);
  const paths = redact === undefined ? [] : checkRedact(redact.value, reporter);
  if (redact !== undefined && level !== null && level !== 'values') {
    reporter.error('redact_without_values', redact.keySpan, '/journal/redact', `\`redact\` stands beside \`arguments: ${level}\`, which keeps no values`, 'remove it, or write `arguments: values`');
  }
  return level === null ? null : { arguments: level, redact: paths };
}

function checkRedact(node: SourceNode, reporter: Reporter): RedactedModel[] {
  if (node.kind === 'broken') return [];
  if (node.kind !== 'list') {
    const help = node.kind === 'string' ? `write a list: \`redact: [${node.value.slice(0, 40)}]\`` : 'write for example `redact: [password, card.number]`';
    reporter.error('wrong_type', node.span, '/journal/redact', `\`redact\` is ${found(node)}; expected a list of argument names`, help);
    return [];
  }
  if (node.items.length === 0) {
    reporter.error('empty_redact', node.span, '/journal/redact', '`redact` is empty; expected at least one argument name', 'remove it');
    return [];
  }
  if (node.items.length > MOST_REDACTED) {
    reporter.error('too_long', node.span, '/journal/redact', `\`redact\` names ${node.items.length} arguments; expected at most ${MOST_REDACTED}`, 'name an outer argument: everything in it goes');
    return [];
  }
  const byName = new Map<string, RedactedModel>();
  for (const [index, item] of node.items.entries()) {
    const at = pointer('journal', 'redact', String(index));
    if (item.kind === 'broken') continue;
    if (item.kind !== 'string') {
      reporter.error('wrong_type', item.span, at, `an element of \`redact\` is ${found(item)}; expected the name of an argument`, item.kind === 'number' || item.kind === 'boolean' ? 'put it in quotes' : null);
      continue;
    }
    const reading = readArgumentPath(item.value);
    if (!reading.ok) {
      reporter.error('bad_argument_name', item.span, at, `the argument name ${quoted(item.value, 60)} ${reading.problem}`, reading.help);
      continue;
    }
    const name = writeArgumentPath(reading.path);
    byName.set(name, { name, path: reading.path });
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
