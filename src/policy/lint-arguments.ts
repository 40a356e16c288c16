import type { JsonNode } from '../wire/json-node.ts';
import { pathOfCondition } from './argument-places.ts';
import type { CompiledSources } from './compile-sources.ts';
import type { Definitions } from './definitions.ts';
import type { RuleModel } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import { printable, quoted } from './printable.ts';
import { suggest } from './suggest.ts';

/** Arguments that the tools of a rule do not have, or that calls may leave out. */
export function lintArguments(rule: RuleModel, matching: readonly string[], definitions: Definitions, sources: CompiledSources, reporter: Reporter): void {
  const schemas = matching.flatMap((name) => {
    const schema = definitions.get(name)?.inputSchema ?? null;
    return schema === null ? [] : [{ name, schema }];
  });
  if (schemas.length === 0) return;
  lintOptionalConstraints(rule, schemas, sources, reporter);
  for (const { path, name, at, span } of rule.arguments.constraints) {
    const near = missingEverywhere(path, schemas.map(({ schema }) => schema));
    if (near !== null) {
      reporter.warning('unknown_argument', span, at, `no tool that this rule is about has an argument "${printable(name, 60)}"`, near === '' ? null : `did you mean ${quoted(near, 60)}?`);
    }
  }
  for (const { source, at, span } of rule.denyIf) {
    for (const path of sources.condition(source).optionalUse) {
      const optional = schemas.find(({ schema }) => mayBeAbsent(pathOfCondition(path), schema));
      if (optional === undefined) continue;
      reporter.warning(
        'optional_argument',
        span,
        at,
        `this condition reads "${printable(path, 60)}", which ${quoted(optional.name, 60)} does not require: a call that leaves it out is not refused by it`,
        `if that is not meant, add \`require: has(args.${printable(path, 60)})\``,
      );
    }
  }
}

/** A constraint speaks of arguments that are given: a call that leaves the argument out gets what the server takes instead. */
function lintOptionalConstraints(rule: RuleModel, schemas: readonly { readonly name: string; readonly schema: JsonNode }[], sources: CompiledSources, reporter: Reporter): void {
  if (rule.action === 'deny' || rule.action === 'hide') return;
  const demanded = rule.require.flatMap(({ source }) => [...sources.condition(source).optionalUse, ...demandedIn(source)].map(pathOfCondition));
  for (const { path, name, at, span, schema: text } of rule.arguments.constraints) {
    // `false` forbids the argument: leaving it out is what is wanted.
    if (text === 'false') continue;
    const optional = schemas.find(({ schema }) => missingEverywhere(path, [schema]) === null && mayBeAbsent(path, schema, demanded));
    if (optional === undefined) continue;
    reporter.warning(
      'optional_argument',
      span,
      at,
      `"${printable(name, 60)}" is constrained, and ${quoted(optional.name, 60)} does not require it: a call that leaves it out passes`,
      `if that is not meant, ${demandOf(path)}`,
    );
  }
}

function demandOf(path: readonly string[]): string {
  const plain = path.every((part) => /^[A-Za-z_]\w{0,60}$/.test(part));
  return plain ? `add \`require: has(args.${path.join('.')})\`` : 'demand it with `require`';
}

/** The arguments that a condition of the form `has(args.a) && has(args.b) && ...` asks for. */
function demandedIn(source: string): string[] {
  if (source.includes('||') || source.includes('?')) return [];
  return source.split('&&').flatMap((part) => /^\s*has\(\s*args\.([\w.]+)\s*\)\s*$/.exec(part)?.[1] ?? []);
}

/** Null when some schema has, or could have, an argument at the path; else the nearest name that exists, or ''. */
function missingEverywhere(path: readonly string[], schemas: readonly JsonNode[]): string | null {
  let near = '';
  for (const schema of schemas) {
    let here: JsonNode | null = schema;
    let missing = false;
    for (const name of path) {
      const properties: JsonNode | null = here?.get('properties') ?? null;
      if (properties?.kind !== 'object') break;
      here = properties.get(name);
      if (here !== null) continue;
      missing = true;
      near = suggest(name, properties.members().map(({ key }) => key)) ?? near;
      break;
    }
    if (!missing) return null;
  }
  return near;
}

/**
 * Whether the schema knows the argument and neither it nor the policy requires it, or something on the way to it.
 * @param demanded paths of arguments without which a call is refused; what lies around them is demanded with them
 */
function mayBeAbsent(path: readonly string[], schema: JsonNode, demanded: readonly (readonly string[])[] = []): boolean {
  let here: JsonNode | null = schema;
  for (const [depth, name] of path.entries()) {
    // Of elements nothing is required: a list may be empty.
    if (name === '[]') return false;
    const next: JsonNode | null = here?.get('properties')?.get(name) ?? null;
    if (next === null) return false;
    const given = demanded.some((other) => other.length > depth && path.slice(0, depth + 1).every((part, index) => part === other[index]));
    if (!given && !(here?.get('required')?.elements() ?? []).some((item) => item.text() === name)) return true;
    here = next;
  }
  return false;
}
