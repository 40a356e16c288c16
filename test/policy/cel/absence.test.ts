import { describe, expect, it } from 'vitest';
import { conditionOf, evaluate, inAWord, inputOf } from './evaluate.ts';

type Row = readonly [source: string, args: string | null, outcome: string];

describe('an argument that is absent', () => {
  const rows: readonly Row[] = [
    ['args.amount <= 500', '{}', 'absent amount'],
    ['args.amount <= 500', null, 'absent amount'],
    ['args.amount <= 500', '{"amount":500}', 'true'],
    ['args["amount"] <= 500', '{}', 'absent amount'],
    ['args.amount == 5', '{}', 'absent amount'],
    ['args.amount != 5', '{}', 'absent amount'],
    ['!(args.amount == 5)', '{}', 'absent amount'],
    ['!args.dry_run', '{}', 'absent dry_run'],
    ['args.dry_run', '{}', 'absent dry_run'],
    ['args.amount in [1, 2]', '{}', 'absent amount'],
    ['!(args.amount in [1, 2])', '{}', 'absent amount'],
    ['"x" in args.tags', '{}', 'absent tags'],
    ['args.path.startsWith("/tmp/")', '{}', 'absent path'],
    ['!args.path.startsWith("/tmp/")', '{}', 'absent path'],
    ['args.path.matches("^/tmp/")', '{}', 'absent path'],
    ['size(args.items) > 3', '{}', 'absent items'],
    ['args.items.all(i, i < 3)', '{}', 'absent items'],
    ['args.items.exists(i, i < 3)', '{}', 'absent items'],
    ['args.card.number == "4"', '{"card":{}}', 'absent card.number'],
    ['args.card.number == "4"', '{}', 'absent card'],
    ['args.a.b.c.d == 1', '{"a":{"b":{"c":{}}}}', 'absent a.b.c.d'],
    ['args[args.which] == 1', '{"which":"x"}', 'absent []'],
    ['args.amount > 5 ? true : false', '{}', 'absent amount'],
    ['(args.cheap ? 1 : 2) == 1', '{}', 'absent cheap'],
    ['(true ? args.a : 2) == 1', '{}', 'absent a'],
    // Null is a value.
    ['args.amount == null', '{"amount":null}', 'true'],
    ['args.amount == null', '{}', 'absent amount'],
    ['args.amount == 5', '{"amount":null}', 'false'],
    ['args.amount <= 5', '{"amount":null}', 'error'],
  ];
  it.each(rows)('%s over %s: %s', (source, args, outcome) => {
    expect(evaluate(source, args)).toBe(outcome);
  });
});

describe('has() and `in` test presence and are never absent', () => {
  const rows: readonly Row[] = [
    ['has(args.a)', '{}', 'false'],
    ['has(args.a)', null, 'false'],
    ['has(args.a)', '{"a":null}', 'true'],
    ['has(args.a)', '{"a":false}', 'true'],
    ['has(args.a)', '{"a":9007199254740993}', 'true'],
    ['has(args.a.b)', '{}', 'false'],
    ['has(args.a.b)', '{"a":{}}', 'false'],
    ['has(args.a.b)', '{"a":{"b":1}}', 'true'],
    ['has(args.a.b)', '{"a":[1]}', 'error'],
    ['has(args.a.b)', '{"a":"b"}', 'error'],
    ['has(args.a.b)', '{"a":null}', 'error'],
    ['"a" in args', '{}', 'false'],
    ['"a" in args', '{"a":null}', 'true'],
    ['"b" in args.a', '{"a":{"b":1}}', 'true'],
    ['"b" in args.a', '{"a":{}}', 'false'],
    ['has(args.a) && args.a > 1', '{}', 'false'],
    ['args.a > 1 && has(args.a)', '{}', 'false'],
    ['!has(args.a) || args.a > 1', '{}', 'true'],
    ['!has(args.a) || args.a > 1', '{"a":1}', 'false'],
    ['has(args.a) ? args.a > 1 : true', '{}', 'true'],
    ['has(args.toString)', '{}', 'false'],
    ['has(args.constructor)', '{}', 'false'],
    ['has(args.__proto__)', '{}', 'false'],
    ['has(args.__proto__)', '{"__proto__":1}', 'true'],
    ['"__proto__" in args', '{}', 'false'],
    ['"length" in args', '{}', 'false'],
    ['args.items.all(i, has(i.price))', '{"items":[{"price":1},{}]}', 'false'],
  ];
  it.each(rows)('%s over %s: %s', (source, args, outcome) => {
    expect(evaluate(source, args)).toBe(outcome);
  });
});

describe('&& and || absorb what fails', () => {
  const failing = [
    ['absent', 'args.gone == 1'],
    ['error', 'args.text > 1'],
    ['error', 'args.big == 1'],
  ] as const;
  const args = '{"text":"x","big":9007199254740993,"yes":true,"no":false}';
  for (const [, fails] of failing) {
    it.each([
      [`args.yes || ${fails}`, 'true'],
      [`${fails} || args.yes`, 'true'],
      [`args.no && ${fails}`, 'false'],
      [`${fails} && args.no`, 'false'],
      [`args.no && (${fails} || args.no)`, 'false'],
      [`[1, 2].exists(i, i == 2 || ${fails})`, 'true'],
      [`[1, 2].all(i, i == 2 && ${fails})`, 'false'],
    ])('%s: %s', (source, outcome) => {
      expect(evaluate(source, args)).toBe(outcome);
    });

    it.each([`args.no || ${fails}`, `${fails} || args.no`, `args.yes && ${fails}`, `${fails} && args.yes`, `!(${fails})`])('%s does not hold and is not false', (source) => {
      expect(evaluate(source, args)).toMatch(/^(absent|error)/);
    });
  }

  it.each([
    ['args.text > 1 || args.gone == 1', 'error'],
    ['args.gone == 1 || args.text > 1', 'error'],
    ['args.gone == 1 && args.text > 1', 'error'],
    ['args.gone == 1 && args.lost == 1', 'absent gone'],
    ['args.gone + args.text > 1', 'absent gone'],
    ['args.gone < args.big', 'error'],
    ['args.big < args.gone', 'error'],
    ['[args.gone, args.big] == [1]', 'error'],
    ['size({"a": args.gone, "b": args.big}) == 1', 'error'],
    ['args.items[args.gone] == args.big', 'error'],
  ])('%s: an error counts more than an absent argument (%s)', (source, outcome) => {
    expect(evaluate(source, args)).toBe(outcome);
  });

  it.each([
    ['args.text > 1 || now > timestamp("2026-01-01T00:00:00Z")', 'error'],
    ['args.gone == 1 || now > timestamp("2026-01-01T00:00:00Z")', 'unknown'],
    ['now > timestamp("2026-01-01T00:00:00Z") && args.gone == 1', 'unknown'],
    ['now > timestamp("2026-01-01T00:00:00Z") && args.no', 'false'],
    ['now > timestamp("2026-01-01T00:00:00Z") || args.yes', 'true'],
  ])('%s: error over unknown over absent (%s)', (source, outcome) => {
    expect(inAWord(conditionOf(source).evaluate(inputOf({ args, unknown: ['now'] })))).toBe(outcome);
  });
});

describe('inside of lists nothing is absent', () => {
  // Else one empty element would keep a deny_if from holding that counts the bad ones.
  const bad = '{"items":[{},{"price":1000}]}';
  it.each([
    ['args.items.filter(i, i.price > 100).size() > 0', bad, 'error'],
    ['args.items.exists_one(i, i.price > 100)', bad, 'error'],
    ['args.items.map(i, i.price).exists(p, p > 100)', bad, 'error'],
    ['args.items.exists(i, i.price > 100)', bad, 'true'],
    ['args.items.exists(i, i.price > 5000)', bad, 'error'],
    ['args.items[0].price > 100', bad, 'error'],
    ['args.items[1].price > 100', bad, 'true'],
    ['args.items[2].price > 100', bad, 'error'],
    ['args.items.exists(i, has(i.price) && i.price > 5000)', bad, 'false'],
  ] satisfies readonly Row[])('%s over %s: %s', (source, args, outcome) => {
    expect(evaluate(source, args)).toBe(outcome);
  });
});

describe('what is missing outside of the arguments is an error', () => {
  it.each([
    ['user.email == "x"', 'error'],
    ['user.org.name == "x"', 'error'],
    ['user.org.id == 7', 'true'],
    ['"admin" in user.roles', 'true'],
    ['has(user.email)', 'false'],
    ['has(user.org.name)', 'false'],
    ['has(user.nothing.name)', 'false'],
    ['user["__proto__"].x == 1', 'true'],
    ['client.version == "1"', 'error'],
    ['has(client.version)', 'false'],
    ['client.name == "claude"', 'true'],
    ['tool.name == "create_charge"', 'true'],
    ['tool.title == "Create a charge"', 'true'],
    ['tool.annotations.readOnlyHint', 'false'],
    ['tool.annotations.destructiveHint', 'error'],
    ['has(tool.annotations.destructiveHint)', 'false'],
    ['server.name == "stripe"', 'true'],
    ['grant.label == "support" && "prod" in grant.tags', 'true'],
    ['grant.tags[5] == "x"', 'error'],
    ['session.id == "s1"', 'true'],
  ])('%s: %s', (source, outcome) => {
    expect(evaluate(source)).toBe(outcome);
  });

  it('so is everything about a caller or a tool of which nothing is known', () => {
    const unknownCaller = inputOf({ args: '{}', context: undefined, tool: null });
    for (const source of ['server.name == "x"', 'has(session.id)', 'user.sub == "x"', 'has(user.sub)', 'now > timestamp("2026-01-01T00:00:00Z")', 'has(tool.title)', 'tool.annotations == {}']) {
      expect([source, conditionOf(source).evaluate(unknownCaller).kind]).toEqual([source, 'error']);
    }
    expect(inAWord(conditionOf('tool.name == "create_charge"').evaluate(unknownCaller))).toBe('true');
  });

  it('a caller without claims has none of them', () => {
    const context = { ...inputOf({}).context, user: null } as NonNullable<ReturnType<typeof inputOf>['context']>;
    expect(inAWord(conditionOf('has(user.sub)').evaluate(inputOf({ args: '{}', context })))).toBe('false');
    expect(inAWord(conditionOf('user == null').evaluate(inputOf({ args: '{}', context })))).toBe('true');
    expect(inAWord(conditionOf('user.sub == "x"').evaluate(inputOf({ args: '{}', context })))).toBe('error');
  });
});

describe('errors', () => {
  it('never hold a value that the caller sent', () => {
    const secret = 'sekret-4111';
    const args = JSON.stringify({ a: secret, b: [secret], [secret]: secret, c: { d: secret } });
    const sources = [
      'args.a > 1', 'args.a.b == 1', 'args.a[0] == 1', 'args.b.c == 1', 'args.b[7] == 1', 'args.a + 1.0 > 1.0', '-args.a > 1', 'args.a && true', 'args.a ? true : false',
      'int(args.a) > 1', 'timestamp(args.a) > now', 'duration(args.a) > duration("1s")', 'args.a.all(x, x > 1)', 'args.b.all(x, x > 1)', 'args.all(k, args[k] > 1)', 'args.a.substring(50) == ""',
      'bool(args.a)', 'double(args.a) > 1.0', 'args.c.d < args.b', 'size(args.c.d.e) > 1', 'args[args.a].x == 1', 'args[args.c.d + "x"] == 1',
    ];
    for (const source of sources) {
      const outcome = conditionOf(source).evaluate(inputOf({ args }));
      expect([source, outcome.kind]).not.toEqual([source, 'value']);
      expect(JSON.stringify(outcome)).not.toContain(secret);
    }
  });
});
