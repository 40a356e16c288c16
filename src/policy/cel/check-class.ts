import { CATEGORIES, RISKS } from '../class-selector.ts';
import { suggest } from '../suggest.ts';
import type { Binary, Expr } from './ast.ts';
import { type Checker, oneOf, quote } from './checker.ts';

/**
 * Comparisons with `tool.category` and `tool.risk`. A word that is no class would never match, so a denial that names it would deny
 * nothing; and texts have an order that has nothing to do with severity.
 */
export function checkClasses(expr: Binary, checker: Checker): void {
  for (const [side, other] of [[expr.left, expr.right], [expr.right, expr.left]] as const) {
    const field = classField(side);
    if (field === null) continue;
    if (expr.op === '==' || expr.op === '!=') checkWord(other, field, checker);
    else if (expr.op === 'in' && side === expr.left && other.kind === 'list') for (const item of other.items) checkWord(item, field, checker);
    else if (expr.op !== 'in' && expr.op !== '+') {
      const severe = field === 'risk' ? '["high", "critical"]' : '["destructive", "financial"]';
      checker.report(expr, 'unordered_class', `\`${expr.op}\` compares ${quote(side, checker)} by its letters, not by severity`, `name the classes: \`tool.${field} in ${severe}\``);
      return;
    }
  }
}

function classField(expr: Expr): 'category' | 'risk' | null {
  if (expr.kind !== 'select' || expr.base.kind !== 'variable' || expr.base.name !== 'tool') return null;
  return expr.key === 'category' || expr.key === 'risk' ? expr.key : null;
}

function checkWord(expr: Expr, field: 'category' | 'risk', checker: Checker): void {
  if (expr.kind === 'choice') {
    checkWord(expr.yes, field, checker);
    checkWord(expr.no, field, checker);
    return;
  }
  if (expr.kind !== 'literal' || typeof expr.value !== 'string') return;
  const words = field === 'risk' ? RISKS : CATEGORIES;
  if (words.includes(expr.value)) return;
  const near = suggest(expr.value, words);
  checker.report(expr, 'unknown_class', `\`tool.${field}\` is never ${quote(expr, checker)}`, near === null ? `write ${oneOf(words)}` : `did you mean \`"${near}"\`?`);
}
