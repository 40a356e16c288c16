import type { Expr, Select } from './ast.ts';
import { type Compiler, wordsOf } from './compiler.ts';
import { elementAt, lengthOf, lookUp } from './equality.ts';
import { readField, readVariable } from './fields.ts';
import { argumentPath } from './paths.ts';
import { EXHAUSTED, type Evaluate, INEXACT, readMember, type Run } from './run.ts';
import type { Variable } from './types.ts';
import { Failure, Json, MapValue, type Result, typeInWords, type Value } from './value.ts';
import { RECORDS } from './variables.ts';

export function compileVariable(name: Variable): Evaluate {
  return (run) => {
    run.steps -= 1;
    return run.steps < 0 ? EXHAUSTED : readVariable(name, run);
  };
}

/** The name of the record that an expression is, or null. */
function recordOf(expr: Expr): Variable | null {
  return expr.kind === 'variable' && RECORDS.has(expr.name) ? expr.name : null;
}

/** `x.key`. A missing argument is absent; anything else that is missing is an error. */
export function compileSelect(expr: Select, compiler: Compiler): Evaluate {
  const { key } = expr;
  const words = wordsOf(expr, compiler);
  const missing = Failure.error(`\`${words}\` is not there`);
  const record = recordOf(expr.base);
  if (record !== null) {
    return (run) => {
      run.steps -= 1;
      return run.steps < 0 ? EXHAUSTED : (readField(record, key, run) ?? missing);
    };
  }
  const path = argumentPath(expr, compiler.slots);
  const absent = Failure.absent(path ?? key);
  const inexact = Failure.error(`\`${words}\` is a number that cannot be compared exactly: it has more digits than a double holds`);
  const base = compiler.compile(expr.base);
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const object = base(run);
    if (object instanceof Failure) return object;
    if (object instanceof Json && !object.isList) {
      const found = readMember(object, key, run);
      if (found === undefined) return object.fromArgs ? absent : missing;
      return found === INEXACT ? inexact : found;
    }
    if (object instanceof MapValue) return lookUp(object, key, run) ?? missing;
    return noMembers(object, words);
  };
}

function noMembers(value: Value, words: string): Failure {
  return Failure.error(`\`${words}\` asks for a member of ${typeInWords(value)}`);
}

/** `has(x.key)`: whether it is there. Whatever is missing on the way makes it false; what is no object on the way is an error. */
export function compileHas(path: Select, compiler: Compiler): Evaluate {
  const member = presence(path, compiler);
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const found = member(run);
    // A number that no double is, is there all the same.
    if (found === undefined) return false;
    return found instanceof Failure && found !== INEXACT ? found : true;
  };
}

type MaybeEvaluate = (run: Run) => Result | undefined;

function presence(expr: Expr, compiler: Compiler): MaybeEvaluate {
  if (expr.kind !== 'select') {
    const evaluate = compiler.compile(expr);
    const claims = expr.kind === 'variable' && expr.name === 'user';
    // A caller without verified claims has none of them.
    return claims ? (run) => evaluate(run) ?? undefined : evaluate;
  }
  const { key } = expr;
  const record = recordOf(expr.base);
  if (record !== null) return (run) => readField(record, key, run);
  const words = wordsOf(expr, compiler);
  const base = presence(expr.base, compiler);
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const object = base(run);
    if (object === undefined) return undefined;
    // A number that no double is, is there; but it has no members.
    if (object instanceof Failure) return object === INEXACT ? noMembers(0, words) : object;
    if (object instanceof Json && !object.isList) return object.node.get(key) === null ? undefined : readMember(object, key, run);
    return object instanceof MapValue ? lookUp(object, key, run) : noMembers(object, words);
  };
}

const NO_POSITION = Failure.error('a position in a list is not a whole number');

/** `x[i]`: an element of a list, or the value at a key of a map. */
export function compileIndex(expr: Extract<Expr, { kind: 'index' }>, compiler: Compiler): Evaluate {
  const words = wordsOf(expr, compiler);
  const missing = Failure.error(`\`${words}\` is not there`);
  const absent = Failure.absent(argumentPath(expr, compiler.slots) ?? words);
  const [base, index] = [compiler.compile(expr.base), compiler.compile(expr.index)];
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const container = base(run);
    const at = index(run);
    if (container instanceof Failure) return at instanceof Failure && at.rank > container.rank ? at : container;
    if (at instanceof Failure) return at;
    const length = lengthOf(container);
    if (length !== null) {
      if (typeof at !== 'bigint' && !(typeof at === 'number' && Number.isInteger(at))) return NO_POSITION;
      const position = Number(at);
      return position >= 0 && position < length ? elementAt(container, position, run) : missing;
    }
    if (!(container instanceof Json) && !(container instanceof MapValue)) return noMembers(container, words);
    if (container instanceof Json && typeof at !== 'string') return Failure.error(`\`${words}\` asks an object for ${typeInWords(at)}`);
    const found = lookUp(container, at, run);
    if (found !== undefined) return found;
    return container instanceof Json && container.fromArgs ? absent : missing;
  };
}
