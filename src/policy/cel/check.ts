import type { JsonNode } from '../../wire/json-node.ts';
import type { Expr } from './ast.ts';
import { checkHas, checkIndex, checkSelect, checkUnknown, checkVariable } from './check-access.ts';
import { checkCall, checkMacro } from './check-call.ts';
import { checkBinary, checkBoolean, checkNegation } from './check-operator.ts';
import type { Checker } from './checker.ts';
import { typeOfSchema } from './schema-type.ts';
import { BOOL, DOUBLE, DYN, INT, JSON_OBJECT, listOf, mapOf, NULL, type StaticType, STRING, TYPE, unionOf } from './static-type.ts';
import type { CelProblem } from './types.ts';

export interface Checked {
  readonly type: StaticType;
  readonly problems: readonly CelProblem[];
}

/** Finds every problem of an expression, given what is known of the arguments. */
export function check(expr: Expr, source: string, inputSchema: JsonNode | null): Checked {
  const problems: CelProblem[] = [];
  const described = inputSchema === null ? JSON_OBJECT : typeOfSchema(inputSchema);
  const checker: Checker = {
    source,
    // A schema that describes something else than an object says nothing about arguments.
    args: described.kind === 'map' ? described : JSON_OBJECT,
    locals: new Map(),
    typeOf: (node) => typeOf(node, checker),
    report: ({ start, end }, code, message, help = null) => {
      problems.push({ start, end, code, message, help });
      return DYN;
    },
  };
  return { type: checker.typeOf(expr), problems };
}

function typeOf(expr: Expr, checker: Checker): StaticType {
  switch (expr.kind) {
    case 'literal':
      return literalType(expr.value);
    case 'variable':
      return checkVariable(expr, checker);
    case 'local':
      return checker.locals.get(expr.slot) ?? DYN;
    case 'type':
      return TYPE;
    case 'unknown':
      return checkUnknown(expr, checker);
    case 'select':
      return checkSelect(expr, checker);
    case 'has':
      checkHas(expr.path, checker);
      return BOOL;
    case 'index':
      return checkIndex(expr, checker);
    case 'call':
      return checkCall(expr, checker);
    case 'macro':
      return checkMacro(expr, checker);
    case 'binary':
      return checkBinary(expr, checker);
    case 'not':
      checkBoolean(expr.of, '`!`', checker);
      return BOOL;
    case 'negate':
      return checkNegation(expr, checker);
    case 'logic':
      for (const part of expr.parts) checkBoolean(part, `\`${expr.op}\``, checker);
      return BOOL;
    case 'choice':
      checkBoolean(expr.test, '`?`', checker);
      return unionOf([checker.typeOf(expr.yes), checker.typeOf(expr.no)]);
    case 'list':
      return listOf(expr.items.length === 0 ? DYN : unionOf(expr.items.map((item) => checker.typeOf(item))));
    case 'map': {
      const keys = expr.entries.map(([key]) => checker.typeOf(key));
      const values = expr.entries.map(([, value]) => checker.typeOf(value));
      return keys.length === 0 ? mapOf(new Map(), DYN, DYN) : mapOf(new Map(), unionOf(values), unionOf(keys));
    }
  }
}

function literalType(value: null | boolean | number | bigint | string): StaticType {
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'number':
      return DOUBLE;
    case 'bigint':
      return INT;
    case 'string':
      return STRING;
    default:
      return NULL;
  }
}
