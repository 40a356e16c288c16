import type { Variable } from './types.ts';

/** The variables in the order of policy.md, which is the order in which messages list them. */
export const VARIABLES: readonly Variable[] = ['args', 'tool', 'server', 'grant', 'user', 'client', 'session', 'now'];

export type FieldType = 'string' | 'strings' | 'object';

/** Variables that are no values themselves: only their fields can be used. Each field with its type. */
export const RECORDS: ReadonlyMap<Variable, ReadonlyMap<string, FieldType>> = new Map<Variable, ReadonlyMap<string, FieldType>>([
  ['tool', new Map<string, FieldType>([['name', 'string'], ['title', 'string'], ['category', 'string'], ['risk', 'string'], ['annotations', 'object']])],
  ['server', new Map<string, FieldType>([['name', 'string']])],
  ['grant', new Map<string, FieldType>([['label', 'string'], ['tags', 'strings']])],
  ['client', new Map<string, FieldType>([['name', 'string'], ['version', 'string']])],
  ['session', new Map<string, FieldType>([['id', 'string']])],
]);

/** Names of types, for comparison with `type(x)`. */
export const TYPE_NAMES: readonly string[] = ['bool', 'int', 'double', 'string', 'list', 'map', 'null_type', 'type'];

/** Whether a name of the expression is one of ours. */
export function isVariable(name: string): name is Variable {
  return VARIABLES.some((variable) => variable === name);
}
