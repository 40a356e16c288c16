import type { Binary, BinaryOperator, Call, Expr } from './ast.ts';
import { argumentPath, slotPaths, testedPath } from './paths.ts';

const LONGEST = 300;
const NO_SLOTS = slotPaths({ kind: 'literal', value: null, start: 0, end: 0 });

interface Phrase {
  readonly text: string;
  /** What joins its parts; null for a phrase of one part. */
  readonly joint: 'and' | 'or' | null;
}

/**
 * What the arguments would have to be for a condition to hold, in a sentence: `amount <= 500 and currency is one of "usd", "eur"`.
 * Speaks of arguments only. Whatever satisfies the sentence satisfies the condition; where that cannot be said, null.
 *
 * @param negated for a `deny_if`: what would have to be for it not to hold. An argument that is left out then satisfies it too.
 */
export function wouldPass(expr: Expr, negated: boolean): string | null {
  const phrase = phraseOf(expr, negated, negated);
  return phrase === null || phrase.text.length > LONGEST ? null : phrase.text;
}

/**
 * @param negated whether the contrary of `expr` is to be said
 * @param lenient whether a missing argument is as good as one that satisfies the phrase
 */
function phraseOf(expr: Expr, negated: boolean, lenient: boolean): Phrase | null {
  switch (expr.kind) {
    case 'not':
      return phraseOf(expr.of, !negated, lenient);
    case 'logic':
      return joined(expr.parts, (expr.op === '&&') === negated ? 'or' : 'and', negated, lenient);
    case 'has':
      return presence(argumentPath(expr.path, NO_SLOTS), negated);
    case 'select': {
      const path = argumentOf(expr);
      return path === null ? null : atom(`${path} is ${negated ? 'false' : 'true'}`);
    }
    case 'call':
      return textual(expr, negated, lenient);
    case 'binary':
      return compared(expr, negated, lenient);
    default:
      return null;
  }
}

function atom(text: string): Phrase {
  return { text, joint: null };
}

function joined(parts: readonly Expr[], joint: 'and' | 'or', negated: boolean, lenient: boolean): Phrase | null {
  const texts: string[] = [];
  for (const part of parts) {
    const phrase = phraseOf(part, negated, lenient);
    if (phrase === null) return null;
    const text = phrase.joint === null || phrase.joint === joint ? phrase.text : `(${phrase.text})`;
    if (!texts.includes(text)) texts.push(text);
  }
  return { text: texts.join(` ${joint} `), joint: texts.length > 1 ? joint : null };
}

function presence(path: string | null, negated: boolean): Phrase | null {
  return path === null || path === '' ? null : atom(`${path} is ${negated ? 'not given' : 'given'}`);
}

/** A phrase that a missing argument might seem to satisfy, where it does not. */
function contrary(path: string, words: string, lenient: boolean): Phrase {
  return atom(lenient ? `${path} ${words}` : `${path} is given and ${words}`);
}

/** The path of one argument, not of all of them and not of an element; null for anything else. */
function argumentOf(expr: Expr): string | null {
  if (expr.kind !== 'select') return null;
  const path = argumentPath(expr, NO_SLOTS);
  return path === null || path === '' || path.includes('[]') ? null : path;
}

const METHODS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['startsWith', ['starts with', 'does not start with']],
  ['endsWith', ['ends with', 'does not end with']],
  ['contains', ['contains', 'does not contain']],
  ['matches', ['matches', 'does not match']],
]);

function textual(expr: Call, negated: boolean, lenient: boolean): Phrase | null {
  const words = METHODS.get(expr.name);
  const path = expr.receiver === null ? null : argumentOf(expr.receiver);
  const argument = literalText(expr.args[0]);
  if (words === undefined || path === null || argument === null) return null;
  return negated ? contrary(path, `${words[1]} ${argument}`, lenient) : atom(`${path} ${words[0]} ${argument}`);
}

/** A literal as it is written in JSON. */
function literalText(expr: Expr | undefined): string | null {
  if (expr?.kind === 'negate' && expr.of.kind === 'literal' && typeof expr.of.value !== 'string') return `-${String(expr.of.value)}`;
  if (expr?.kind !== 'literal') return null;
  return typeof expr.value === 'string' ? JSON.stringify(expr.value) : String(expr.value);
}

const FLIPPED: ReadonlyMap<BinaryOperator, BinaryOperator> = new Map([['<', '>'], ['<=', '>='], ['>', '<'], ['>=', '<=']]);
const NEGATED: ReadonlyMap<BinaryOperator, BinaryOperator> = new Map([['<', '>='], ['<=', '>'], ['>', '<='], ['>=', '<'], ['==', '!='], ['!=', '==']]);

function compared(expr: Binary, negated: boolean, lenient: boolean): Phrase | null {
  // Below the arguments themselves, `"x" in y` may as well look into a list.
  const tested = expr.right.kind === 'variable' ? testedPath(expr, NO_SLOTS) : null;
  if (tested !== null) return presence(tested, negated);
  if (expr.op === 'in') return listed(expr, negated, lenient);
  const left = measured(expr.left);
  const right = measured(expr.right);
  if (left === null && right === null) return null;
  if (left === null) return right === null ? null : relation(right, FLIPPED.get(expr.op) ?? expr.op, literalText(expr.left), negated, lenient);
  return relation(left, expr.op, right ?? literalText(expr.right), negated, lenient);
}

/** What can stand on a side of a comparison: an argument, or its size. */
function measured(expr: Expr): string | null {
  if (expr.kind !== 'call' || expr.name !== 'size') return argumentOf(expr);
  const of = expr.receiver ?? expr.args[0];
  const path = of === undefined ? null : argumentOf(of);
  return path === null ? null : `the size of ${path}`;
}

function relation(subject: string, op: BinaryOperator, object: string | null, negated: boolean, lenient: boolean): Phrase | null {
  if (object === null) return null;
  const said = negated ? NEGATED.get(op) : op;
  if (said === undefined || op === '+' || op === '-') return null;
  if (said === '==') return atom(`${subject} is ${object}`);
  return said === '!=' ? contrary(subject, `is not ${object}`, lenient) : atom(`${subject} ${said} ${object}`);
}

function listed(expr: Binary, negated: boolean, lenient: boolean): Phrase | null {
  const path = argumentOf(expr.left);
  if (path === null || expr.right.kind !== 'list' || expr.right.items.length === 0) return null;
  const items = expr.right.items.map(literalText);
  if (items.includes(null)) return null;
  const words = items.join(', ');
  if (items.length === 1) return relation(path, '==', words, negated, lenient);
  return negated ? contrary(path, `is none of ${words}`, lenient) : atom(`${path} is one of ${words}`);
}
