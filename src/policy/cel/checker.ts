import type { Expr } from './ast.ts';
import type { StaticType } from './static-type.ts';

/** What the parts of the checker (check-*.ts) need of each other. */
export interface Checker {
  readonly source: string;
  /** The type of the arguments as a whole. */
  readonly args: StaticType;
  /** Types of macro variables, by slot. */
  readonly locals: Map<number, StaticType>;
  /** The type of an expression; its problems are reported. What has a problem is `dyn`, so that nothing is reported twice. */
  typeOf(expr: Expr): StaticType;
  report(place: { readonly start: number; readonly end: number }, code: string, message: string, help?: string | null): StaticType;
}

/** The author's words for an expression, in backticks. */
export function quote(expr: Expr, checker: Checker): string {
  const words = checker.source.slice(expr.start, expr.end).replace(/[\p{C}\p{Z}]+/gu, ' ');
  return `\`${words.length > 60 ? `${words.slice(0, 60)}…` : words}\``;
}

/** `a`, `b` or `c`, for help. */
export function oneOf(words: readonly string[]): string {
  const ticked = words.map((word) => `\`${word}\``);
  return ticked.length < 2 ? ticked.join('') : `${ticked.slice(0, -1).join(', ')} or ${ticked.at(-1)}`;
}
