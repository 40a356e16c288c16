import type { Expr, Macro } from './ast.ts';
import { type Compiler, wordsOf } from './compiler.ts';
import { elementAt, keysOf, lengthOf } from './equality.ts';
import { EXHAUSTED, type Evaluate, type Run } from './run.ts';
import { Failure, Json, MapValue, type Result, typeInWords, type Value, worse } from './value.ts';

const NOT_BOOLEAN = Failure.error('the condition of a macro gives no boolean');
const TRUE: Evaluate = () => true;

/**
 * Goes over elements, each set as the macro's variable. Its `visit` stops the walk by returning a result; it is given why an element
 * has no value, or null.
 */
type Walk = (run: Run, visit: (failed: Failure | null) => Result | undefined) => Result | undefined;

/** `all`, `exists`, `exists_one`, `map` and `filter`, over lists and over the keys of maps. */
export function compileMacro(expr: Macro, compiler: Compiler): Evaluate {
  const walk = walkOver(expr, compiler);
  const predicate = expr.predicate === null ? TRUE : compiler.compile(expr.predicate);
  switch (expr.name) {
    case 'all':
      return quantifier(walk, predicate, false);
    case 'exists':
      return quantifier(walk, predicate, true);
    case 'exists_one':
      return (run) => {
        let found = 0;
        const ended = walk(run, (missing) => {
          const verdict = missing ?? predicate(run);
          if (typeof verdict !== 'boolean') return verdict instanceof Failure ? needed(verdict, expr) : NOT_BOOLEAN;
          if (verdict) found += 1;
          return undefined;
        });
        return ended ?? found === 1;
      };
    default:
      return collector(expr, walk, predicate, expr.transform === null ? null : compiler.compile(expr.transform));
  }
}

/** `all` is a long `&&`, `exists` a long `||`: one element that decides is enough, whatever fails for the others. */
function quantifier(walk: Walk, predicate: Evaluate, decides: boolean): Evaluate {
  return (run) => {
    let failed: Failure | null = null;
    const ended = walk(run, (missing) => {
      const verdict = missing ?? predicate(run);
      if (verdict === decides) return decides;
      if (verdict === EXHAUSTED) return EXHAUSTED;
      if (typeof verdict !== 'boolean') failed = worse(failed, verdict instanceof Failure ? verdict : NOT_BOOLEAN);
      return undefined;
    });
    return ended ?? failed ?? !decides;
  };
}

/**
 * What a macro that picks or counts needs for an element. Were it absent, who leaves it out would keep a `deny_if` from holding that
 * holds because of another element.
 */
function needed(failure: Failure, { name }: Macro): Failure {
  const { outcome } = failure;
  return outcome.kind === 'absent' ? Failure.error(`\`${name}\` needs the argument "${outcome.path}", which is not there`) : failure;
}

function collector(expr: Macro, walk: Walk, predicate: Evaluate, transform: Evaluate | null): Evaluate {
  const { slot } = expr;
  return (run) => {
    const values: Value[] = [];
    const ended = walk(run, (missing) => {
      const verdict = missing ?? predicate(run);
      if (typeof verdict !== 'boolean') return verdict instanceof Failure ? needed(verdict, expr) : NOT_BOOLEAN;
      if (!verdict) return undefined;
      const value = transform === null ? (run.locals[slot] ?? null) : transform(run);
      if (value instanceof Failure) return needed(value, expr);
      values.push(value);
      return undefined;
    });
    return ended ?? values;
  };
}

function walkOver(expr: Macro, compiler: Compiler): Walk {
  if (expr.range.kind === 'list' && compiler.constant(expr.range) === undefined) return walkOverItems(expr.range.items, expr.slot, compiler);
  const range = compiler.compile(expr.range);
  const words = wordsOf(expr.range, compiler);
  const { slot } = expr;
  return (run, visit) => {
    const over = range(run);
    if (over instanceof Failure) return over;
    const keys = over instanceof MapValue || (over instanceof Json && !over.isList) ? keysOf(over) : null;
    const length = keys === null ? lengthOf(over) : keys.length;
    if (length === null) return Failure.error(`\`${words}\` is ${typeInWords(over)}; expected a list or an object`);
    for (let i = 0; i < length; i += 1) {
      run.steps -= 1;
      if (run.steps < 0) return EXHAUSTED;
      const element = keys === null ? elementAt(over, i, run) : (keys[i] ?? null);
      if (element instanceof Failure) return element;
      run.locals[slot] = element;
      const ended = visit(null);
      if (ended !== undefined) return ended;
    }
    return undefined;
  };
}

/** Over `[a, b]`, element by element: where `b` is absent, `a` counts all the same. */
function walkOverItems(items: readonly Expr[], slot: number, compiler: Compiler): Walk {
  const parts = items.map((item) => compiler.compile(item));
  return (run, visit) => {
    for (const part of parts) {
      run.steps -= 1;
      if (run.steps < 0) return EXHAUSTED;
      const element = part(run);
      if (element === EXHAUSTED) return EXHAUSTED;
      if (!(element instanceof Failure)) run.locals[slot] = element;
      const ended = visit(element instanceof Failure ? element : null);
      if (ended !== undefined) return ended;
    }
    return undefined;
  };
}
