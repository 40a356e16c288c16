import { type Call, children, type Expr, type Macro } from './ast.ts';
import type { Variable } from './types.ts';

/** Which arguments each macro variable may stand for, by slot: `items[]` for the elements of `args.items`. */
export type SlotPaths = ReadonlyMap<number, readonly string[]>;

/**
 * The argument that an expression reads, as authors write it: `amount`, `card.number`, `items[].price`; `''` for the arguments as a
 * whole; null for what is no argument, or one of several.
 */
export function argumentPath(expr: Expr, slots: SlotPaths): string | null {
  const [path, ...more] = argumentPaths(expr, slots);
  return path === undefined || more.length > 0 ? null : path;
}

/** Every argument that an expression may be: a choice is one of two, and so is what is read from it. */
export function argumentPaths(expr: Expr, slots: SlotPaths): readonly string[] {
  switch (expr.kind) {
    case 'variable':
      return expr.name === 'args' ? [''] : [];
    case 'local':
      return slots.get(expr.slot) ?? [];
    case 'select': {
      const held = expr.base.kind === 'map' ? expr.base.entries.flatMap(([, value]) => argumentPaths(value, slots)) : [];
      return unique([...held, ...argumentPaths(expr.base, slots).map((base) => memberPath(base, expr.key))]);
    }
    case 'index': {
      const keys = textsOf(expr.index);
      return keys === null ? elementPaths(expr.base, slots) : unique(keys.flatMap((key) => argumentPaths(expr.base, slots).map((base) => memberPath(base, key))));
    }
    case 'choice':
      return unique([...argumentPaths(expr.yes, slots), ...argumentPaths(expr.no, slots)]);
    case 'call':
      return unchanged(expr).flatMap((part) => argumentPaths(part, slots));
    default:
      return [];
  }
}

/** Choices in choices multiply. An expression that may read more arguments than this is refused (index.ts): none of them is forgotten. */
const MOST_PATHS = 256;

function unique(paths: readonly string[]): readonly string[] {
  if (paths.length < 2) return paths;
  const different = [...new Set(paths)];
  if (different.length > MOST_PATHS) throw new RangeError(`an expression may read more than ${MOST_PATHS} arguments at one place`);
  return different;
}

/** What is in a key does not divide the path: `\.` is a dot in a name, as in `arguments`, and `\[` a bracket. */
function memberPath(base: string, key: string): string {
  const name = key.replace(/[\\.[]/g, '\\$&');
  return base === '' ? name : `${base}.${name}`;
}

/** What a call gives back as it is: `dyn` only hides its type. */
function unchanged(call: Call): readonly Expr[] {
  return call.name === 'dyn' ? call.args : [];
}

/** The texts that a key may be, where it is written as a choice between them; null for any other key. */
function textsOf(index: Expr): readonly string[] | null {
  if (index.kind === 'literal') return typeof index.value === 'string' ? [index.value] : null;
  if (index.kind !== 'choice') return null;
  const [yes, no] = [textsOf(index.yes), textsOf(index.no)];
  return yes === null || no === null ? null : [...yes, ...no];
}

/** The arguments that the elements of a list may be: `items[]` for those of `args.items`, also when some of them were picked out. */
function elementPaths(list: Expr, slots: SlotPaths): readonly string[] {
  switch (list.kind) {
    case 'macro':
      if (list.transform !== null) return argumentPaths(list.transform, slots);
      return list.name === 'filter' ? elementPaths(list.range, slots) : [];
    case 'list':
      return unique(list.items.flatMap((item) => argumentPaths(item, slots)));
    case 'map':
      return unique(list.entries.flatMap(([, value]) => argumentPaths(value, slots)));
    case 'choice':
      return unique([...elementPaths(list.yes, slots), ...elementPaths(list.no, slots)]);
    case 'call':
      return unchanged(list).flatMap((part) => elementPaths(part, slots));
    case 'binary':
      return list.op === '+' ? unique([...elementPaths(list.left, slots), ...elementPaths(list.right, slots)]) : [];
    default:
      return argumentPaths(list, slots).map((path) => `${path}[]`);
  }
}

/** The slots of every macro in an expression that goes over an argument. */
export function slotPaths(expr: Expr): SlotPaths {
  const slots = new Map<number, readonly string[]>();
  const visit = (node: Expr): void => {
    if (node.kind !== 'macro') {
      for (const child of children(node)) visit(child);
      return;
    }
    // What is gone over may be made by a macro itself, whose variable comes first.
    visit(node.range);
    const paths = elementPaths(node.range, slots);
    if (paths.length > 0) slots.set(node.slot, paths);
    for (const child of children(node)) if (child !== node.range) visit(child);
  };
  visit(expr);
  return slots;
}

export interface Reads {
  readonly variables: ReadonlySet<Variable>;
  readonly argumentPaths: readonly string[];
  readonly optionalUse: readonly string[];
}

/** What an expression reads, and which of it without making sure that it is there. */
export function readsOf(expr: Expr): Reads {
  const slots = slotPaths(expr);
  const variables = new Set<Variable>();
  const all = new Set<string>();
  const unguarded = new Set<string>();
  const visit = (node: Expr, guarded: ReadonlySet<string>): void => {
    if (node.kind === 'variable') variables.add(node.name);
    const paths = isPlace(node) ? argumentPaths(node, slots) : [];
    if (paths.length > 0) {
      for (const path of paths) {
        all.add(path);
        if (path !== '' && node.kind !== 'local' && !guarded.has(path)) unguarded.add(path);
      }
      visitBase(node, guarded);
      return;
    }
    if (node.kind === 'has') {
      visitTested(node.path, guarded);
      return;
    }
    if (node.kind === 'binary' && node.op === 'in' && node.left.kind === 'literal' && typeof node.left.value === 'string') {
      // What is asked may as well be a list that has such an element; then the name governs nothing.
      for (const base of argumentPaths(node.right, slots)) all.add(memberPath(base, node.left.value));
      visit(node.right, guarded);
      return;
    }
    visitBelow(node, guarded);
  };
  /** The way to an argument is not a use of its own: `args.card.number` uses `card.number`. */
  const visitBase = (node: Expr, guarded: ReadonlySet<string>): void => {
    if (node.kind === 'index') visit(node.index, guarded);
    if (node.kind === 'variable') variables.add(node.name);
    if ((node.kind === 'select' || node.kind === 'index') && isPlace(node.base)) visitBase(node.base, guarded);
    else if (node.kind === 'select' || node.kind === 'index') visit(node.base, guarded);
    else if (node.kind !== 'local' && node.kind !== 'variable') visit(node, guarded);
  };
  const visitTested = (node: Expr, guarded: ReadonlySet<string>): void => {
    const paths = argumentPaths(node, slots);
    if (paths.length === 0) {
      for (const child of children(node)) visit(child, guarded);
      return;
    }
    for (const path of paths) all.add(path);
    visitBase(node, guarded);
  };
  const visitBelow = (node: Expr, guarded: ReadonlySet<string>): void => {
    if (node.kind === 'logic') {
      // Both operators look at every operand, so a test also guards what stands before it.
      for (const part of node.parts) {
        const others = node.parts.filter((other) => other !== part);
        visit(part, withPaths(guarded, others.flatMap((other) => certain(other, node.op === '&&', slots))));
      }
    } else if (node.kind === 'choice') {
      visit(node.test, guarded);
      visit(node.yes, withPaths(guarded, certain(node.test, true, slots)));
      visit(node.no, withPaths(guarded, certain(node.test, false, slots)));
    } else {
      for (const child of children(node)) visit(child, guarded);
    }
  };
  visit(expr, new Set());
  return { variables, argumentPaths: [...all].sort(), optionalUse: [...unguarded].sort() };
}

/** The fields of `tool` that an expression reads. A record is no value, so its fields are always named. */
export function toolFields(expr: Expr): readonly string[] {
  if (expr.kind === 'select' && expr.base.kind === 'variable' && expr.base.name === 'tool') return [expr.key];
  return children(expr).flatMap(toolFields);
}

/** What is read from its base, or is a name itself; anything else is looked into for what it reads. */
function isPlace(node: Expr): boolean {
  return node.kind === 'select' || node.kind === 'index' || node.kind === 'local' || node.kind === 'variable';
}

function withPaths(known: ReadonlySet<string>, more: readonly string[]): ReadonlySet<string> {
  return more.length === 0 ? known : new Set([...known, ...more]);
}

/** Which arguments are certainly there when an expression is true (`when`) or false (`!when`). */
function certain(expr: Expr, when: boolean, slots: SlotPaths): readonly string[] {
  switch (expr.kind) {
    case 'not':
      return certain(expr.of, !when, slots);
    case 'logic':
      return (expr.op === '&&') === when ? expr.parts.flatMap((part) => certain(part, when, slots)) : [];
    default: {
      const path = when ? testedPath(expr, slots) : null;
      return path === null ? [] : waysTo(path);
    }
  }
}

/** The argument whose presence an expression tests: `has(args.x)` or `"x" in args`. */
export function testedPath(expr: Expr, slots: SlotPaths): string | null {
  if (expr.kind === 'has') return argumentPath(expr.path, slots);
  if (expr.kind !== 'binary' || expr.op !== 'in' || expr.left.kind !== 'literal' || typeof expr.left.value !== 'string') return null;
  const base = expr.right.kind === 'variable' || expr.right.kind === 'select' ? argumentPath(expr.right, slots) : null;
  return base === null ? null : memberPath(base, expr.left.value);
}

/** A path and everything on the way to it, all of which is there when it is. */
function waysTo(path: string): readonly string[] {
  const ends = [...path.matchAll(/\\.|\.|\[\]/g)].filter(([end]) => !end.startsWith('\\'));
  return ends.map((match) => path.slice(0, match.index)).concat(path);
}

/** Whether an expression depends on nothing but itself. */
export function isClosed(expr: Expr, bound: ReadonlySet<number> = new Set()): boolean {
  if (expr.kind === 'variable' || expr.kind === 'unknown') return false;
  if (expr.kind === 'local') return bound.has(expr.slot);
  if (expr.kind !== 'macro') return children(expr).every((child) => isClosed(child, bound));
  return isClosed(expr.range, bound) && bodyOf(expr).every((part) => isClosed(part, new Set([...bound, expr.slot])));
}

function bodyOf(macro: Macro): readonly Expr[] {
  return [macro.predicate, macro.transform].filter((part) => part !== null);
}
