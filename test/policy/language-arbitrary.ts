import fc from 'fast-check';
import type { CallContext, Query, ToolFacts } from '../../src/policy/index.ts';
import { scan } from '../../src/wire/scan.ts';
import type { JsonNode } from '../../src/wire/json-node.ts';
import { callOf } from '../../src/policy/index.ts';

/** Random documents of the whole language over tiny alphabets, as plain objects: JSON is YAML. */
export type Rule = Readonly<Record<string, unknown>>;
export interface Document {
  readonly version: '1';
  readonly default: string;
  readonly mode: string;
  readonly tools: Readonly<Record<string, Rule | readonly Rule[]>>;
}

export const condition = fc.constantFrom(
  'args.n <= 5.0', 'args.n > 2', 'args.s == "a"', 'has(args.n)', '!has(args.s)', 'args.s.matches("^a*$")', 'args.n / 0.0 > 1.0', 'args.s > 3',
  'true', 'false', '"x" in grant.tags', 'session.id == "s"', 'client.name == "c"', 'now > timestamp("2026-01-01T00:00:00Z")', 'args.m.k == 1', 'size(args) > 1',
  'args.n < 3.0 || args.s == "b"', 'has(args.s) && args.s != "b"', 'user.sub == "me"', 'user.sub != "me"', 'user.role == "admin" || grant.label == "h"', 'user.sub == "me" && args.n > 2.0', 'tool.title == "t"', 'tool.category == "destructive"', 'tool.risk in ["high", "critical"]', 'args.l.exists(x, x == 1)',
);
const schema = fc.constantFrom<unknown>({ type: 'number', maximum: 5 }, { type: 'string', pattern: '^a*$' }, { enum: ['a', 1] }, { type: 'integer' }, { const: 'a' }, false);
const conditions = fc.oneof(condition, fc.array(fc.oneof(condition, fc.record({ if: condition, reason: fc.constant('because') })), { minLength: 1, maxLength: 2 }));
const budget = fc.record({ sum: fc.constantFrom('args.n', '1.5', 'args.n * 2.0'), max: fc.constantFrom(1, 100), window: fc.constantFrom(60, '1h') });

/** At least one of them makes a rule. */
export const guards: fc.Arbitrary<Rule> = fc
  .record(
    {
      arguments: fc.dictionary(fc.constantFrom('n', 's', 'm.k', 'l'), schema, { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
      additional: fc.constant(false),
      require: conditions,
      deny_if: conditions,
      rate_limit: fc.constantFrom('1/minute', '5/hour'),
      budget,
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  .filter((rule) => Object.keys(rule).length > 0);

const action = fc.constantFrom('allow', 'deny', 'hide', 'require_approval');
export const rule: fc.Arbitrary<Rule> = fc
  .tuple(fc.option(action, { freq: 3 }), fc.option(guards, { freq: 1 }), fc.constantFrom(false, false, false, true))
  .map(([word, own, observe]) => ({ ...(word === null ? (own === null ? { action: 'allow' } : {}) : { action: word }), ...own, ...(observe ? { mode: 'observe' } : {}) }));

const conditional = fc.tuple(rule, condition).map(([own, when]) => ({ ...own, when }));
const value: fc.Arbitrary<Rule | readonly Rule[]> = fc.oneof(
  rule,
  conditional,
  fc.tuple(fc.array(conditional, { minLength: 1, maxLength: 2 }), fc.option(rule)).map(([first, last]) => (last === null ? first : [...first, last])),
);

const selector = fc.constantFrom('a', 'b', 'ab', 'a*', '*b', '*', 'a*b', 'abc', '@read', '@destructive', '@financial', '@high', '@critical');
export const document: fc.Arbitrary<Document> = fc.record(
  {
    version: fc.constant('1' as const),
    default: action,
    mode: fc.constantFrom('enforce', 'enforce', 'enforce', 'observe'),
    tools: fc.dictionary(selector, value, { maxKeys: 4, noNullPrototype: true }),
  },
  { noNullPrototype: true },
);

function json(text: string): JsonNode {
  const read = scan(Buffer.from(text), { maxBytes: 1e3, maxDepth: 8, maxKeys: 10 });
  if (!read.ok) throw new Error(read.message);
  return read.root;
}

const args = fc.option(
  fc.dictionary(fc.constantFrom('n', 's', 'm', 'l', 'N', 'other'), fc.constantFrom<unknown>(1, 3, 5.5, -1, 'a', 'b', true, null, [1, 'a'], { k: 1 }, { k: 'a' }), { maxKeys: 4, noNullPrototype: true }),
);
const context: fc.Arbitrary<CallContext> = fc.record({
  server: fc.constant('server'),
  grant: fc.record({ label: fc.constant('g'), tags: fc.constantFrom(['x'], []) }),
  user: fc.constantFrom(null, json('{}'), json('{"sub":"me"}'), json('{"sub":"you","role":"admin"}'), json('{"sub":1}')),
  client: fc.record({ name: fc.constantFrom('c', 'd', null), version: fc.constant(null) }),
  session: fc.constantFrom('s', 't', null),
  now: fc.constantFrom(Date.UTC(2025, 0, 1), Date.UTC(2026, 5, 1)),
});

/** Also what nobody classified, wholly or in part, and what is no class. */
export const toolFacts: fc.Arbitrary<ToolFacts> = fc.record({
  title: fc.constantFrom('t', null),
  annotations: fc.constant(null),
  inputSchema: fc.constant(null),
  category: fc.constantFrom('read', 'write', 'execute', 'destructive', 'financial', null, 'unheard of'),
  risk: fc.constantFrom('low', 'medium', 'high', 'critical', null),
  effects: fc.constantFrom([], ['read'], ['destructive', 'financial']),
});

export const query: fc.Arbitrary<Query> = fc.tuple(fc.constantFrom('a', 'b', 'ab', 'abc', 'c'), args, fc.option(context, { freq: 8 }), fc.option(toolFacts, { freq: 5 })).map(([tool, own, caller, definition]) => callOf({
  tool,
  definition,
  ...(own === null ? {} : { args: own }),
  ...(caller === null ? {} : { context: caller }),
}));
