import { scan } from '../../../src/wire/scan.ts';
import { CLIENT_LIMITS } from '../../../src/wire/limits.ts';
import type { JsonNode } from '../../../src/wire/json-node.ts';
import type { CallContext, ToolFacts } from '../../../src/policy/types.ts';
import type { Amount, CelInput, CelOutcome, CelProblem, Condition, Variable } from '../../../src/policy/cel/index.ts';
import { compileAmount, compileCondition } from '../../../src/policy/cel/index.ts';

/** JSON text as the wire reads it. Throws on text that the wire refuses. */
export function json(text: string): JsonNode {
  const scanned = scan(Buffer.from(text), CLIENT_LIMITS);
  if (!scanned.ok) throw new Error(`not accepted by the wire: ${text.slice(0, 80)}`);
  return scanned.root;
}

export const CALLER: CallContext = {
  server: 'stripe',
  grant: { label: 'support', tags: ['prod', 'eu'] },
  user: json('{"sub":"u1","roles":["admin"],"org":{"id":7},"__proto__":{"x":1}}'),
  client: { name: 'claude', version: null },
  session: 's1',
  // A Monday.
  now: Date.UTC(2026, 0, 5, 22, 30, 15, 250),
};

export const TOOL: ToolFacts = {
  title: 'Create a charge',
  annotations: json('{"readOnlyHint":false,"title":"x"}'),
  inputSchema: null,
  category: null,
  risk: null,
};

export interface Given {
  /** JSON text; null: no arguments; left out: unknown. */
  readonly args?: string | null;
  readonly tool?: ToolFacts | null;
  readonly context?: CallContext | undefined;
  readonly unknown?: readonly Variable[];
}

export function inputOf(given: Given): CelInput {
  const args = given.args === undefined ? {} : { args: given.args === null ? null : json(given.args) };
  return {
    ...args,
    name: 'create_charge',
    tool: given.tool === undefined ? TOOL : given.tool,
    context: 'context' in given ? given.context : CALLER,
    unknown: new Set(given.unknown ?? []),
  };
}

export function conditionOf(source: string, schema: string | null = null): Condition {
  const compiled = compileCondition(source, { inputSchema: schema === null ? null : json(schema) });
  if (!compiled.ok) throw new Error(`${source}: ${compiled.problems.map((one) => one.message).join('; ')}`);
  return compiled.condition;
}

export function amountOf(source: string): Amount {
  const compiled = compileAmount(source);
  if (!compiled.ok) throw new Error(`${source}: ${compiled.problems.map((one) => one.message).join('; ')}`);
  return compiled.amount;
}

export function problemsOf(source: string, schema: string | null = null): readonly CelProblem[] {
  const compiled = compileCondition(source, { inputSchema: schema === null ? null : json(schema) });
  return compiled.ok ? [] : compiled.problems;
}

/** An outcome in one word: `true`, `false`, `absent card.number`, `unknown`, `error`. */
export function inAWord(outcome: CelOutcome<unknown>): string {
  if (outcome.kind === 'value') return String(outcome.value);
  return outcome.kind === 'absent' ? `absent ${outcome.path}` : outcome.kind;
}

export function evaluate(source: string, args: string | null = '{}'): string {
  return inAWord(conditionOf(source).evaluate(inputOf({ args })));
}
