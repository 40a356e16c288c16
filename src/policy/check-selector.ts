import type { TargetKind } from './types.ts';
import { CLASS_SELECTORS, isClassSelector } from './class-selector.ts';
import { SECTION } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import type { SourceEntry } from './source-node.ts';
import { pointer } from './pointer.ts';
import { quoted } from './printable.ts';
import { readUriSelector } from './resource-uri.ts';
import { suggest } from './suggest.ts';

export const LONGEST_SELECTOR = 1024;

/** Checks the keys of `tools`, `resources` or `prompts`. policy.md, "Selectors, and which rule decides". */
export function checkSelectors(kind: TargetKind, entries: readonly SourceEntry[], reporter: Reporter): void {
  const sameUri = new Map<string, string>();
  for (const entry of entries) {
    const { key: selector, keySpan: span } = entry;
    const at = pointer(SECTION[kind], selector);
    if (selector === '') {
      reporter.error('empty_selector', span, at, 'a selector is empty; expected a name, a glob or `*`', 'write "*" to mean everything');
    } else if (selector.length > LONGEST_SELECTOR) {
      reporter.error('too_long', span, at, `a selector has ${selector.length} characters; expected at most ${LONGEST_SELECTOR}`, null);
    } else if (isClassSelector(selector)) {
      checkClass(kind, entry, at, reporter);
    } else if (selector.includes('**')) {
      reporter.error('double_star', span, at, `the selector ${quoted(selector, 60)} has \`**\`; expected a single \`*\``, `\`*\` already stands for any characters, \`/\` included: write ${quoted(selector.replace(/\*{2,}/g, '*'), 60)}`);
    } else if (kind === 'resource' && selector !== '*') {
      checkUriSelector(entry, at, sameUri, reporter);
    }
  }
}

function checkClass(kind: TargetKind, entry: SourceEntry, at: string, reporter: Reporter): void {
  const { key: selector, keySpan: span } = entry;
  if (kind !== 'tool') {
    reporter.error('unknown_class', span, at, `${quoted(selector, 60)} is a class selector; classes exist only for \`tools\``, null);
  } else if (!CLASS_SELECTORS.includes(selector)) {
    const near = suggest(selector, CLASS_SELECTORS);
    const expected = `expected one of ${CLASS_SELECTORS.join(' ')}`;
    reporter.error('unknown_class', span, at, `there is no class ${quoted(selector, 60)}; ${expected}`, near === null ? null : `did you mean \`${near}\`?`);
  }
}

function checkUriSelector(entry: SourceEntry, at: string, seen: Map<string, string>, reporter: Reporter): void {
  const { key: selector, keySpan: span } = entry;
  const reading = readUriSelector(selector);
  if (!reading.ok) {
    const help = reading.problem.startsWith('is not absolute') ? 'write the whole URI, for example "file:///srv/docs/*"' : 'URIs of this form are resolved or refused before rules are asked, so the rule could never apply: write it resolved and decoded';
    reporter.error('bad_uri_selector', span, at, `the selector ${quoted(selector, 60)} ${reading.problem}`, help);
    return;
  }
  const twin = seen.get(reading.exact);
  if (twin !== undefined) {
    reporter.error('duplicate_selector', span, at, `the selectors ${quoted(selector, 60)} and ${quoted(twin, 60)} are the same URI`, 'keep one of the two');
    return;
  }
  seen.set(reading.exact, selector);
}
