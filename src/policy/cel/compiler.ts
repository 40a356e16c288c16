import type { Expr } from './ast.ts';
import type { SlotPaths } from './paths.ts';
import type { Evaluate } from './run.ts';
import type { Value } from './value.ts';

/** What the parts of the compiler (compile-*.ts) need of each other. */
export interface Compiler {
  readonly source: string;
  readonly slots: SlotPaths;
  /** Patterns of which a match need not span the text; filled while compiling. */
  readonly unanchored: string[];
  compile(expr: Expr): Evaluate;
  /** The value of an expression that depends on no variable; undefined for any other, and for one that fails. */
  constant(expr: Expr): Value | undefined;
  report(place: { readonly start: number; readonly end: number }, code: string, message: string, help: string | null): void;
}

/** The words of the source that an expression stands for, for messages: the author's own, so no secret. */
export function wordsOf(expr: Expr, compiler: Compiler): string {
  const words = compiler.source.slice(expr.start, expr.end).replace(/\s+/g, ' ');
  return words.length > 60 ? `${words.slice(0, 60)}…` : words;
}
