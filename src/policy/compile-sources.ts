import type { JsonNode } from '../wire/json-node.ts';
import { scan } from '../wire/scan.ts';
import type { Amount, CelEnvironment, CelProblem, Condition } from './cel/types.ts';
import type * as CelModule from './cel/index.ts';
import type { CompiledSchema } from './json-schema/index.ts';
import type * as JsonSchemaModule from './json-schema/index.ts';
import type { UpstreamSchemas } from './guard.ts';
import type { ArgumentsModel, PolicyDocument } from './document.ts';
import { KINDS } from './document.ts';
import { closedSchema } from './argument-schemas.ts';
import type { Reporter } from './diagnostic.ts';
import type { PendingExpression, PendingSchema, Sources } from './sources.ts';
import { spanInside } from './source-node.ts';
import { spanAt } from './schema-text.ts';

/** The compiled parts of one document, by their text. Asking for what the document does not have is a mistake of ours and throws. */
export interface CompiledSources {
  condition(source: string): Condition;
  amount(source: string): Amount;
  schema(text: string): CompiledSchema;
  readonly upstreamSchema: UpstreamSchemas;
  /** The fields of `tool` that some expression reads. */
  readonly toolFields: ReadonlySet<string>;
  /** The schema of an argument in a form that can stand inside another one; null where there is none. */
  portable(schema: string): string | null;
  /** Warns of every expression that does not fit live schemas; changes nothing that was compiled. */
  checkAgainst(environments: Environments, reporter: Reporter): void;
}

type Cel = typeof CelModule;
type JsonSchema = typeof JsonSchemaModule;

/** No schema of a policy is larger than its document; depth and keys are bounded by the reader of the document. */
const SCHEMA_LIMITS = { maxBytes: 4 * 1024 * 1024, maxDepth: 200, maxKeys: 100_000 };
/** Tools that one expression is checked against; more say nothing new. */
const MOST_TOOLS = 50;

/**
 * Compiles every expression and schema of a document and reports what is wrong with them, each with its place. CEL and JSON Schema are
 * loaded only when the document has some.
 * @param environments what is known of the tools that an expression is about, by selector; see `loadPolicy`
 */
export async function compileSources(sources: Sources, document: PolicyDocument | null, reporter: Reporter, environments: Environments | null): Promise<CompiledSources> {
  const needsSchema = sources.schemas.length > 0 || (document !== null && allArguments(document).some((model) => !model.additional || model.upstream));
  const cel = sources.expressions.length > 0 ? await import('./cel/index.ts') : null;
  const jsonSchema = needsSchema ? await import('./json-schema/index.ts') : null;
  const conditions = new Map<string, Condition>();
  const amounts = new Map<string, Amount>();
  const schemas = new Map<string, CompiledSchema>();
  const portable = new Map<string, string | null>();
  if (cel !== null) for (const expression of sources.expressions) compileExpression(cel, expression, conditions, amounts, reporter, environments);
  if (jsonSchema !== null) {
    for (const pending of sources.schemas) compilePending(jsonSchema, pending, schemas, reporter);
    if (!reporter.failed && document !== null) {
      for (const model of allArguments(document).filter(({ additional }) => !additional)) compileClosed(jsonSchema, closedSchema(model), schemas);
    }
  }
  return {
    condition: (source) => known(conditions, source),
    amount: (source) => known(amounts, source),
    schema: (text) => known(schemas, text),
    upstreamSchema: upstreamSchemas(jsonSchema),
    toolFields: new Set([...conditions.values(), ...amounts.values()].flatMap((expression) => expression.toolFields)),
    portable: (schema) => remembered(portable, schema, () => jsonSchema?.inlineReferences(nodeOf(schema)) ?? null),
    checkAgainst: (live, to) => {
      if (cel !== null) for (const expression of sources.expressions) checkAgainstTools(cel, expression, live, to, 'warning');
    },
  };
}

/** The live schemas that an expression is checked against; empty when none is known. */
export type Environments = (expression: Pick<PendingExpression, 'kind' | 'selector'>) => readonly { readonly tool: string; readonly inputSchema: JsonNode | null }[];

function compileExpression(cel: Cel, pending: PendingExpression, conditions: Map<string, Condition>, amounts: Map<string, Amount>, reporter: Reporter, environments: Environments | null): void {
  const { node } = pending;
  const known = pending.role === 'amount' ? amounts : conditions;
  const compiled = known.has(node.value) ? null : compile(cel, pending, {});
  if (compiled !== null && !compiled.ok) {
    for (const problem of compiled.problems) report(pending, problem, null, reporter);
    return;
  }
  if (compiled !== null && 'amount' in compiled) amounts.set(node.value, compiled.amount);
  if (compiled !== null && 'condition' in compiled) conditions.set(node.value, compiled.condition);
  if (environments !== null) checkAgainstTools(cel, pending, environments, reporter, 'error');
  if (pending.kind === 'resource' && (known.get(node.value)?.variables.has('args') ?? false)) {
    reporter.error('no_arguments', node.span, pending.at, 'the expression asks for `args`, but resources are read without arguments', 'use what is known of the caller, or write a rule for each URI');
  }
}

type Compiled = ReturnType<Cel['compileCondition']> | ReturnType<Cel['compileAmount']>;

function compile(cel: Cel, pending: PendingExpression, environment: CelEnvironment): Compiled {
  return pending.role === 'amount' ? cel.compileAmount(pending.node.value, environment) : cel.compileCondition(pending.node.value, environment);
}

/** What does not fit any tool that the rule is about is an error; what does not fit some of them is said of the first such tool. */
function checkAgainstTools(cel: Cel, pending: PendingExpression, environments: Environments, reporter: Reporter, worst: 'error' | 'warning'): void {
  const tools = environments(pending).filter((tool) => tool.inputSchema !== null).slice(0, MOST_TOOLS);
  const misfits = tools.flatMap(({ tool, inputSchema }) => {
    const compiled = compile(cel, pending, { inputSchema });
    return compiled.ok ? [] : [{ tool, problems: compiled.problems }];
  });
  const [first] = misfits;
  if (first === undefined) return;
  for (const problem of first.problems) report(pending, problem, { tool: first.tool, severity: misfits.length === tools.length ? worst : 'warning' }, reporter);
}

function report(pending: PendingExpression, problem: CelProblem, about: { readonly tool: string; readonly severity: 'error' | 'warning' } | null, reporter: Reporter): void {
  const message = about === null ? problem.message : `${problem.message} (tool \`${about.tool}\`)`;
  const span = spanInside(pending.node, problem.start, problem.end);
  if (about?.severity === 'warning') reporter.warning(problem.code, span, pending.at, message, problem.help);
  else reporter.error(problem.code, span, pending.at, message, problem.help);
}

function compilePending(jsonSchema: JsonSchema, pending: PendingSchema, schemas: Map<string, CompiledSchema>, reporter: Reporter): void {
  if (schemas.has(pending.schema)) return;
  const compiled = jsonSchema.compileSchema(nodeOf(pending.schema), 'policy');
  if (compiled.ok) {
    schemas.set(pending.schema, compiled.schema);
    return;
  }
  for (const problem of compiled.problems) reporter.error('bad_schema', spanAt(pending.node, problem.pointer), pending.at + problem.pointer, problem.message, problem.help);
}

function compileClosed(jsonSchema: JsonSchema, text: string, schemas: Map<string, CompiledSchema>): void {
  const compiled = jsonSchema.compileSchema(nodeOf(text), 'policy');
  if (!compiled.ok) throw new TypeError(`our own schema cannot be compiled: ${compiled.problems[0]?.message ?? text}`);
  schemas.set(text, compiled.schema);
}

/** Compiled when first asked for, and kept as long as the node that was served. */
function upstreamSchemas(jsonSchema: JsonSchema | null): UpstreamSchemas {
  const cache = new WeakMap<JsonNode, CompiledSchema | 'unusable'>();
  return (node) => {
    let schema = cache.get(node);
    if (schema === undefined) {
      const compiled = jsonSchema?.compileSchema(node, 'upstream');
      schema = compiled?.ok === true ? compiled.schema : 'unusable';
      cache.set(node, schema);
    }
    return schema === 'unusable' ? null : schema;
  };
}

function allArguments(document: PolicyDocument): ArgumentsModel[] {
  return KINDS.flatMap((kind) => document.rules[kind].flatMap((selector) => selector.rules.map((rule) => rule.arguments)));
}

function nodeOf(text: string): JsonNode {
  const read = scan(Buffer.from(text), SCHEMA_LIMITS);
  if (!read.ok) throw new TypeError(`a schema of the policy cannot be read: ${read.message}`);
  return read.root;
}

function remembered<T>(memory: Map<string, T>, key: string, make: () => T): T {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const value = make();
  memory.set(key, value);
  return value;
}

function known<T>(compiled: ReadonlyMap<string, T>, key: string): T {
  const value = compiled.get(key);
  if (value === undefined) throw new TypeError('a part of the policy was not compiled');
  return value;
}
