import { parse } from 'yaml';

/**
 * What a document allows at most, read by itself from the parsed YAML, without any of the engine's code: guards only take away, so
 * whatever is allowed must be allowed by an action that could decide. Slow and simple.
 */
export interface Reading {
  /** Whether some call of this name could be allowed, or asked about. */
  mayPass(section: 'tools' | 'prompts', name: string): boolean;
}

type Plain = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readAlone(text: string): Reading {
  const document = parse(text.replace(/^\uFEFF/, ''), { version: '1.2', logLevel: 'error' }) as Plain;
  const observed = document['mode'] === 'observe';
  return {
    mayPass(section, name) {
      if (observed) return true;
      const rules = isMap(document[section]) ? Object.entries(document[section]) : [];
      const ranked = rules.filter(([selector]) => covers([...selector], [...name])).sort(([a], [b]) => rank(b) - rank(a));
      return decides(ranked.map(([selector, rule]) => ({ rank: rank(selector), rule })), document['default']);
    },
  };
}

/** Exact names, then globs by their literal characters, then the star. */
function rank(selector: string): number {
  if (selector === '*') return -1;
  return selector.includes('*') ? [...selector].filter((character) => character !== '*').length : Number.MAX_SAFE_INTEGER;
}

/** Of equally specific selectors any may decide: the strictest does, so all of them must let the call through. */
function decides(ranked: readonly { readonly rank: number; readonly rule: unknown }[], fallback: unknown): boolean {
  const [first] = ranked;
  if (first === undefined) return passes(fallback);
  const equals = ranked.filter(({ rank: other }) => other === first.rank);
  const rest = ranked.slice(equals.length);
  const below = (): boolean => decides(rest, fallback);
  return equals.every(({ rule }) => selectorPasses(rule, below));
}

/** Whether one of the rules of a selector that may decide lets calls through; where none must decide, what is below may. */
function selectorPasses(value: unknown, below: () => boolean): boolean {
  const rules: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const rule of rules) {
    if (isMap(rule) && rule['mode'] === 'observe') continue;
    if (passes(isMap(rule) ? (rule['action'] ?? 'allow') : rule)) return true;
    if (!isMap(rule) || rule['when'] === undefined) return false;
  }
  return below();
}

function passes(action: unknown): boolean {
  return action === 'allow' || action === 'require_approval';
}

/** A star is nothing, or one character and a star. With memory, so that no pair of texts takes long. */
export function covers(selector: readonly string[], name: readonly string[]): boolean {
  let row = Array.from({ length: name.length + 1 }, (_, index) => index === 0);
  for (const character of selector) {
    const next = Array.from({ length: name.length + 1 }, () => false);
    for (let at = 0; at <= name.length; at += 1) {
      if (character === '*') next[at] = (row[at] ?? false) || (at > 0 && (next[at - 1] ?? false));
      else next[at] = at > 0 && (row[at - 1] ?? false) && name[at - 1] === character;
    }
    row = next;
  }
  return row[name.length] ?? false;
}
