import { foldKey } from '../mcp/keys.ts';
import type { SelectorModel } from './document.ts';
import { SECTION, STRICTNESS } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import type { TargetKind } from './types.ts';
import type { Glob } from './glob.ts';
import { globIncludes, parseGlob } from './glob.ts';
import { pointer } from './pointer.ts';
import { printable, quoted } from './printable.ts';

/** Comparisons of globs with each other, per kind; a bound for policies with thousands of them. */
const MOST_COMPARISONS = 200_000;

/** Selectors that look like something they are not. */
export function lintSelectors(kind: TargetKind, rules: readonly SelectorModel[], reporter: Reporter): void {
  for (const rule of rules) {
    lintCharacters(kind, rule, reporter);
    if (kind === 'resource') lintHostWildcard(rule, reporter);
  }
  lintLookalikes(kind, rules, reporter);
  lintShadowedGlobs(kind, rules, reporter);
}

function lintCharacters(kind: TargetKind, rule: SelectorModel, reporter: Reporter): void {
  const { selector } = rule;
  const at = pointer(SECTION[kind], selector);
  // In a URI, `?name=` starts a query and `//[` an IPv6 address.
  const plain = kind === 'resource' ? selector.replace(/\?(?=[^?]*=)/, '').replace(/\/\/\[/, '') : selector;
  const wildcard = /[?[]/.exec(plain)?.[0];
  if (wildcard !== undefined) {
    reporter.warning('literal_wildcard', rule.span, at, `\`${wildcard}\` in ${quoted(selector, 60)} stands for itself; only \`*\` is a wildcard`, `use \`*\`, or ignore this if names really hold a \`${wildcard}\``);
  }
  if (selector !== selector.trim()) {
    reporter.warning('odd_characters', rule.span, at, `the selector "${printable(selector, 60)}" starts or ends with a space`, 'remove the space; names are compared exactly');
  } else if (printable(selector, Number.POSITIVE_INFINITY) !== selector) {
    reporter.warning('odd_characters', rule.span, at, `the selector ${quoted(selector, 60)} holds a character that cannot be seen`, 'remove it, unless the name really has it');
  }
}

/** `*` matches `/` too, so a `*` in the host of an allowed URI reaches other hosts. */
function lintHostWildcard(rule: SelectorModel, reporter: Reporter): void {
  if (!rule.rules.some((own) => (own.action ?? 'allow') === 'allow')) return;
  const host = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(rule.selector)?.[1] ?? '';
  if (!host.includes('*') || host === '*') return;
  reporter.warning(
    'wildcard_host',
    rule.span,
    pointer('resources', rule.selector),
    `the \`*\` in the host of ${quoted(rule.selector, 60)} also matches \`/\` and \`.\`, so it allows other hosts`,
    'write one rule per host, each with a `/` after the host',
  );
}

/** Names that a person takes for the same and that are compared as different. */
function lintLookalikes(kind: TargetKind, rules: readonly SelectorModel[], reporter: Reporter): void {
  const seen = new Map<string, string>();
  for (const rule of rules) {
    const folded = foldKey(rule.selector);
    const twin = seen.get(folded);
    if (twin === undefined) {
      seen.set(folded, rule.selector);
      continue;
    }
    reporter.warning(
      'lookalike_selector',
      rule.span,
      pointer(SECTION[kind], rule.selector),
      `${quoted(rule.selector, 60)} and ${quoted(twin, 60)} look alike, but names are compared exactly: they are two rules`,
      'keep the one that the server lists',
    );
  }
}

interface GlobRule {
  readonly rule: SelectorModel;
  readonly glob: Glob;
}

/**
 * A glob whose action never decides: another one with as many literal characters covers all of its names and is stricter. A glob
 * with more literal characters cannot cover all names of a glob with fewer, so only equals have to be compared.
 */
function lintShadowedGlobs(kind: TargetKind, rules: readonly SelectorModel[], reporter: Reporter): void {
  const byLiterals = new Map<number, GlobRule[]>();
  for (const rule of rules) {
    if (rule.rules.some((own) => own.observe || own.when !== null) || rule.selector === '*' || !rule.selector.includes('*')) continue;
    const glob = parseGlob(rule.selector);
    const group = byLiterals.get(glob.literals);
    if (group === undefined) byLiterals.set(glob.literals, [{ rule, glob }]);
    else group.push({ rule, glob });
  }
  let comparisons = 0;
  for (const group of byLiterals.values()) {
    const strict = group.filter(({ rule }) => strictness(rule) > 0);
    for (const inner of group) {
      comparisons += strict.length;
      if (comparisons > MOST_COMPARISONS) return;
      const outer = strict.find((other) => strictness(other.rule) > strictness(inner.rule) && globIncludes(other.glob, inner.glob));
      if (outer === undefined) continue;
      reporter.warning(
        'shadowed_glob',
        inner.rule.span,
        pointer(SECTION[kind], inner.rule.selector),
        `the action of ${quoted(inner.rule.selector, 60)} never applies: ${quoted(outer.rule.selector, 60)} covers the same names, is as specific, and is stricter`,
        'add literal characters to the one that should decide, or remove it',
      );
    }
  }
}

function strictness(rule: SelectorModel): number {
  return Math.max(...rule.rules.map((own) => STRICTNESS[own.action ?? 'allow']));
}
