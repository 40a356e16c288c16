import type { Variable } from './types.ts';

/** Where a node stands in the source: UTF-16 offsets, `end` exclusive. */
interface Placed {
  readonly start: number;
  readonly end: number;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type OrderOperator = '<' | '<=' | '>' | '>=';
export type EqualityOperator = '==' | '!=';
export type BinaryOperator = ArithmeticOperator | OrderOperator | EqualityOperator | 'in';
export type MacroName = 'all' | 'exists' | 'exists_one' | 'map' | 'filter';

/** The text of an expression as a tree of ours: names resolved, `x["y"]` read as `x.y`, chains of `&&` and `||` flat. */
export type Expr = Placed &
  (
    | { readonly kind: 'literal'; readonly value: null | boolean | number | bigint | string }
    | { readonly kind: 'variable'; readonly name: Variable }
    | { readonly kind: 'local'; readonly name: string; readonly slot: number }
    | { readonly kind: 'type'; readonly name: string }
    /** A name that stands for nothing; reported by the checker, never evaluated. */
    | { readonly kind: 'unknown'; readonly name: string }
    | { readonly kind: 'select'; readonly base: Expr; readonly key: string; readonly keyStart: number; readonly keyEnd: number }
    | { readonly kind: 'has'; readonly path: Select }
    | { readonly kind: 'index'; readonly base: Expr; readonly index: Expr }
    | { readonly kind: 'call'; readonly name: string; readonly receiver: Expr | null; readonly args: readonly Expr[] }
    | { readonly kind: 'list'; readonly items: readonly Expr[] }
    | { readonly kind: 'map'; readonly entries: readonly (readonly [Expr, Expr])[] }
    | { readonly kind: 'not'; readonly of: Expr }
    | { readonly kind: 'negate'; readonly of: Expr }
    | { readonly kind: 'binary'; readonly op: BinaryOperator; readonly left: Expr; readonly right: Expr }
    | { readonly kind: 'logic'; readonly op: '&&' | '||'; readonly parts: readonly Expr[] }
    | { readonly kind: 'choice'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
    | {
        readonly kind: 'macro';
        readonly name: MacroName;
        readonly range: Expr;
        readonly variable: string;
        readonly slot: number;
        /** Null for a `map` without a filter. */
        readonly predicate: Expr | null;
        /** What `map` makes of an element; null for the others. */
        readonly transform: Expr | null;
      }
  );

export type Select = Extract<Expr, { kind: 'select' }>;
export type Macro = Extract<Expr, { kind: 'macro' }>;
export type Call = Extract<Expr, { kind: 'call' }>;
export type Binary = Extract<Expr, { kind: 'binary' }>;

/** The nodes directly below. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'literal':
    case 'variable':
    case 'local':
    case 'type':
    case 'unknown':
      return [];
    case 'select':
      return [expr.base];
    case 'has':
      return [expr.path];
    case 'index':
      return [expr.base, expr.index];
    case 'call':
      return expr.receiver === null ? expr.args : [expr.receiver, ...expr.args];
    case 'list':
      return expr.items;
    case 'map':
      return expr.entries.flat();
    case 'not':
    case 'negate':
      return [expr.of];
    case 'binary':
      return [expr.left, expr.right];
    case 'logic':
      return expr.parts;
    case 'choice':
      return [expr.test, expr.yes, expr.no];
    case 'macro':
      return [expr.range, expr.predicate, expr.transform].filter((part) => part !== null);
  }
}
