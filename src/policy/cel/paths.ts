import { children, type Expr, type Macro } from './ast.ts';
import type { Variable } from './types.ts';

/** Which argument each macro variable stands for, by slot: `items[]` for the elements of `args.items`. */
export type SlotPaths = ReadonlyMap<number, string>;

/**
 * The argument that an expression reads, as authors write it: `amount`, `card.number`, `items[].price`; `''` for the arguments as a
 * whole; null for what is no argument.
 */
export function argumentPath(expr: Expr, slots: SlotPaths): string | null {
  switch (expr.kind) {
    case 'variable':
      return expr.name === 'args' ? '' : null;
    case 'local':
      return slots.get(expr.slot) ?? null;
    case 'select': {
      const base = argumentPath(expr.base, slots);
      return base === null ? null : base === '' ? expr.key : `${base}.${expr.key}`;
    }
    case 'index':
      return elementPath(expr.base, slots);
    default:
      return null;
  }
}

/** The argument that the elements of a list are: `items[]` for those of `args.items`, also when some of them were picked out. */
function elementPath(list: Expr, slots: SlotPaths): string | null {
  if (list.kind === 'macro' && list.name === 'filter') return elementPath(list.range, slots);
  if (list.kind === 'macro' && list.transform !== null) return argumentPath(list.transform, slots);
  const path = argumentPath(list, slots);
  return path === null ? null : `${path}[]`;
}

/** The slots of every macro in an expression that goes over an argument. */
export function slotPaths(expr: Expr): SlotPaths {
  const slots = new Map<number, string>();
  const visit = (node: Expr): void => {
    if (node.kind !== 'macro') {
      for (const child of children(node)) visit(child);
      return;
    }
    // What is gone over may be made by a macro itself, whose variable comes first.
    visit(node.range);
    const path = elementPath(node.range, slots);
    if (path !== null) slots.set(node.slot, path);
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
    const path = argumentPath(node, slots);
    if (path !== null) {
      all.add(path);
      if (path !== '' && node.kind !== 'local' && !guarded.has(path)) unguarded.add(path);
      visitBase(node, guarded);
      return;
    }
    if (node.kind === 'has') {
      visitTested(node.path, guarded);
      return;
    }
    const tested = testedPath(node, slots);
    if (tested !== null && node.kind === 'binary') {
      // Anywhere below, what is asked may as well be a list that has such an element.
      if (node.right.kind === 'variable') all.add(tested);
      visit(node.right, guarded);
      return;
    }
    visitBelow(node, guarded);
  };
  /** The way to an argument is not a use of its own: `args.card.number` uses `card.number`. */
  const visitBase = (node: Expr, guarded: ReadonlySet<string>): void => {
    if (node.kind === 'index') visit(node.index, guarded);
    if (node.kind === 'variable') variables.add(node.name);
    if (node.kind === 'select' || node.kind === 'index') visitBase(node.base, guarded);
    else if (node.kind !== 'local' && node.kind !== 'variable') visit(node, guarded);
  };
  const visitTested = (node: Expr, guarded: ReadonlySet<string>): void => {
    const path = argumentPath(node, slots);
    if (path === null) {
      for (const child of children(node)) visit(child, guarded);
      return;
    }
    all.add(path);
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
  return base === null ? null : base === '' ? expr.left.value : `${base}.${expr.left.value}`;
}

/** A path and everything on the way to it, all of which is there when it is. */
function waysTo(path: string): readonly string[] {
  return [...path.matchAll(/\.|\[\]/g)].map((match) => path.slice(0, match.index)).concat(path);
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
