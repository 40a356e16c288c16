import fc from 'fast-check';

/** Policy documents with every field, mostly sound: each field now and then holds something else. */
const odd = fc.constantFrom<unknown>(null, 0, -1, 1.5, '', ' ', 'x', true, false, [], {}, ['a', 'a'], { a: 1 });
const mostly = (sound: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.oneof({ weight: 60, arbitrary: sound }, { weight: 1, arbitrary: odd });
const fields = (model: Record<string, fc.Arbitrary<unknown>>, requiredKeys: string[]): fc.Arbitrary<unknown> =>
  mostly(fc.record(Object.fromEntries(Object.entries(model).map(([key, value]) => [key, mostly(value)])), { requiredKeys }));
const listOr = (one: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.oneof(one, fc.array(one, { minLength: 1, maxLength: 3 }));

const action = fc.constantFrom('allow', 'deny', 'hide', 'require_approval');
const duration = fc.constantFrom<unknown>(60, 600, '30s', '10m', '1h', '1d', '0s', '90m');
const per = fc.constantFrom<unknown>('session', 'grant', 'server', 'tool', ['grant', 'tool'], ['session']);
const common = { window: duration, per, on_state_error: fc.constantFrom('deny', 'allow') };
const limit = fc.oneof(fc.constantFrom('10/minute', '1/30s', '5/h', '1000000/day', '7/2m'), fields({ max: fc.integer({ min: 1, max: 50 }), ...common }, ['max', 'window']));
const budget = fields({ sum: fc.constantFrom('args.amount', 'args.n * 2.0', '1.0'), max: fc.constantFrom(0, 0.1, 500, 1e6), ...common }, ['sum', 'max', 'window']);
const expression = fc.constantFrom('args.amount <= 500.0', 'has(args.note)', "args.name.startsWith('a')", "grant.label == 'x'", 'true');
const reason = fc.constantFrom('No.', 'Ask Bob: é 😀', 'x'.repeat(1000));
const condition = fc.oneof(expression, fields({ if: expression, reason }, ['if']));
const argument = fc.oneof(
  fc.constantFrom<unknown>(true, false, { type: 'string' }, { enum: ['a', 1, null] }, { const: 5 }, {}),
  fields({ type: fc.constant('number'), minimum: fc.integer({ min: -5, max: 5 }), maximum: fc.constantFrom(500, 0.5), multipleOf: fc.constantFrom(1, 0.01), description: fc.string(), default: fc.jsonValue(), examples: fc.constantFrom<unknown>([1], 5) }, ['type']),
  fields({ type: fc.constantFrom('string', ['string', 'null']), maxLength: fc.nat(9), minLength: fc.nat(9), pattern: fc.constantFrom('^a$', '[0-9]+'), format: fc.constantFrom('date', 'email', 'uuid') }, ['type']),
  fields({ type: fc.constant('array'), items: fc.constant({ type: 'integer' }), uniqueItems: fc.boolean(), minItems: fc.nat(3), contains: fc.constant(true), maxContains: fc.nat(3), prefixItems: fc.constant([true]) }, ['type', 'contains']),
  fields(
    { type: fc.constant('object'), properties: fc.constant({ a: { type: 'string' } }), required: fc.constantFrom(['a'], []), additionalProperties: fc.boolean(), dependentRequired: fc.constant({ a: ['b'] }), anyOf: fc.constant([{ required: ['a'] }, false]), not: fc.constant({ maxProperties: 0 }) },
    ['type'],
  ),
  fc.constant({ $ref: '#/$defs/x', $defs: { x: { type: 'string' } } }),
);
const approval = fields(
  { timeout: fc.constantFrom<unknown>('1h', 60, '7d'), wait: fc.constantFrom<unknown>(0, '30s', '10m'), approvers: fc.constantFrom<unknown>(1, ['alice'], { needed: 2, of: ['a', 'b', 'c'] }), via: fc.constantFrom<unknown>('cli', ['cli', 'link'], ['elicitation']) },
  ['timeout'],
);
const guards = {
  reason,
  mode: fc.constant('observe'),
  when: expression,
  arguments: mostly(fc.dictionary(fc.constantFrom('amount', 'card.number', 'note', 'additional', 'a\\.b'), argument, { minKeys: 1, maxKeys: 3 })),
  additional: fc.constant(false),
  schema: fc.constant('upstream'),
  require: listOr(condition),
  deny_if: listOr(condition),
  rate_limit: listOr(limit),
  budget: listOr(budget),
};
const rule = fc.oneof(action, fields({ action: fc.constantFrom('allow', 'deny', 'hide'), ...guards }, ['rate_limit']), fields({ action: fc.constant('require_approval'), approval, reason }, ['action']), fields({ rate_limit: limit, budget }, ['budget']));
const plain = fc.oneof(action, fields({ action, reason, rate_limit: listOr(limit) }, ['action']));

export const document = fields(
  {
    version: fc.constant('1'),
    default: action,
    mode: fc.constantFrom('enforce', 'observe'),
    description: fc.string(),
    tools: fc.dictionary(fc.constantFrom('a', 'b_*', '*', '__proto__x'), listOr(rule), { maxKeys: 3 }),
    resources: fc.dictionary(fc.constantFrom('file:///a', 'file:///b/*', '*'), plain, { maxKeys: 2 }),
    prompts: fc.dictionary(fc.constantFrom('p', 'q*'), plain, { maxKeys: 2 }),
    client: fc.constantFrom({}, { sampling: 'deny' }, { roots: 'allow', elicitation: 'deny' }),
  },
  ['version', 'default'],
);
