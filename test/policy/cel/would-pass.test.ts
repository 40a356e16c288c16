import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionOf, inAWord, inputOf } from './evaluate.ts';

describe('what would pass', () => {
  it.each([
    ['args.amount <= 500', 'amount <= 500', 'amount > 500'],
    ['500 >= args.amount', 'amount <= 500', 'amount > 500'],
    ['args.amount <= 500 && args.currency in ["usd", "eur"]', 'amount <= 500 and currency is one of "usd", "eur"', 'amount > 500 or currency is none of "usd", "eur"'],
    ['args.amount > 0 && args.amount <= 500.5', 'amount > 0 and amount <= 500.5', 'amount <= 0 or amount > 500.5'],
    ['args.amount > -5', 'amount > -5', 'amount <= -5'],
    ['args.currency == "usd"', 'currency is "usd"', 'currency is not "usd"'],
    ['args.currency != "usd"', 'currency is given and is not "usd"', 'currency is "usd"'],
    ['!(args.currency == "usd")', 'currency is given and is not "usd"', 'currency is "usd"'],
    ['args.currency in ["usd"]', 'currency is "usd"', 'currency is not "usd"'],
    ['!(args.currency in ["usd", "eur"])', 'currency is given and is none of "usd", "eur"', 'currency is one of "usd", "eur"'],
    ['args.dry_run', 'dry_run is true', 'dry_run is false'],
    ['!args.dry_run', 'dry_run is false', 'dry_run is true'],
    ['args.dry_run == true', 'dry_run is true', 'dry_run is not true'],
    ['args.note == null', 'note is null', 'note is not null'],
    ['args.path.startsWith("/tmp/")', 'path starts with "/tmp/"', 'path does not start with "/tmp/"'],
    ['!args.path.contains("..")', 'path is given and does not contain ".."', 'path contains ".."'],
    ['args.file.endsWith(".txt") || args.file.matches("^a")', 'file ends with ".txt" or file matches "^a"', 'file does not end with ".txt" and file does not match "^a"'],
    ['has(args.reason)', 'reason is given', 'reason is not given'],
    ['"reason" in args', 'reason is given', 'reason is not given'],
    ['!has(args.force) || args.force == false', 'force is not given or force is false', 'force is given and force is not false'],
    ['(args.a > 1 || args.b > 1) && args.c > 1', '(a > 1 or b > 1) and c > 1', '(a <= 1 and b <= 1) or c <= 1'],
    ['args.card.type == "debit"', 'card.type is "debit"', 'card.type is not "debit"'],
    ['args["foo-bar"] < 5', 'foo-bar < 5', 'foo-bar >= 5'],
    ['size(args.tags) <= 3', 'the size of tags <= 3', 'the size of tags > 3'],
    ['args.min < args.max', 'min < max', 'min >= max'],
    ['args.min >= args.max', 'min >= max', 'min < max'],
    ['500 < args.amount', 'amount > 500', 'amount <= 500'],
    ['500 <= args.amount', 'amount >= 500', 'amount < 500'],
    ['500 > args.amount', 'amount < 500', 'amount >= 500'],
    ['"usd" == args.currency', 'currency is "usd"', 'currency is not "usd"'],
    ['"usd" != args.currency', 'currency is given and is not "usd"', 'currency is "usd"'],
    ['args.amount >= -0.5', 'amount >= -0.5', 'amount < -0.5'],
    ['3 > args.tags.size()', 'the size of tags < 3', 'the size of tags >= 3'],
    ['args.a > 1 && (args.b > 1 && args.c > 1)', 'a > 1 and b > 1 and c > 1', 'a <= 1 or b <= 1 or c <= 1'],
    ['!(args.a > 1 || !has(args.b))', 'a <= 1 and b is given', 'a > 1 or b is not given'],
    ['args.a > 1 || args.a > 1 && args.b > 1', 'a > 1 or (a > 1 and b > 1)', 'a <= 1 and (a <= 1 or b <= 1)'],
    ['(args.a > 1 && args.a > 1) || args.b > 1', 'a > 1 or b > 1', 'a <= 1 and b <= 1'],
    ['args.a > 1 && args.a > 1', 'a > 1', 'a <= 1'],
    ['args.name == "a\\nb"', 'name is "a\\nb"', 'name is not "a\\nb"'],
  ])('%s: %s; of a deny_if: %s', (source, required, denied) => {
    expect(conditionOf(source).wouldPass(false)).toBe(required);
    expect(conditionOf(source).wouldPass(true)).toBe(denied);
  });

  it.each([
    'grant.label == "x"', 'grant.label == "x" && args.amount <= 500', 'now.getHours() < 5', 'args.items.all(i, i.price < 5)', 'args.amount * 2.0 <= 500', 'args.a ? args.b : args.c', 'args.items[0] == 1', 'args == {}',
    'true', 'args.tags == ["a"]', '"a" in args.tags', 'args.a in args.b', 'args.a in []', 'args[args.k] == 1', 'user.sub == args.sub', 'args.a.lowerAscii() == "x"', 'grant.label.startsWith("a")', 'grant.label in ["a"]', 'args.a.startsWith(args.b)', 'args.a.startsWith(grant.label)',
    '"abc".contains(args.a)', 'size(grant.tags) > 1', 'size("abc") > args.a', 'grant.label.size() == 3', 'size(args) > 1', 'has(user.sub)', '"x" in user', '"x" in grant.tags', 'args.a in [args.b]', 'args.a in ["x", grant.label]', 'args.a + 1.0 == 2.0', 'args.items[0].ok', 'args.items[0] in ["a"]', 'user.ok',
    '1 < 2', 'args.a == grant.label', 'grant.label == args.a', 'args.a == -args.b', 'args.a == (args.b ? 1 : 2)', `args.a == "${'x'.repeat(400)}"`,
  ])('of %s cannot be said', (source) => {
    expect(conditionOf(source).wouldPass(false)).toBeNull();
    expect(conditionOf(source).wouldPass(true)).toBeNull();
  });
});

type Args = Readonly<Record<string, unknown>>;

/** Reads a sentence as a person would, over arguments. */
class Reader {
  readonly #text: string;
  readonly #args: Args;
  #at = 0;

  constructor(text: string, args: Args) {
    this.#text = text;
    this.#args = args;
  }

  whole(): boolean {
    const verdict = this.#either();
    if (this.#at !== this.#text.length) throw new Error(`cannot read ${this.#text} at ${this.#at}`);
    return verdict;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#text);
    if (match !== null) this.#at = sticky.lastIndex;
    return match;
  }

  #either(): boolean {
    let verdict = this.#both();
    while (this.#take(/ or /) !== null) verdict = this.#both() || verdict;
    return verdict;
  }

  #both(): boolean {
    let verdict = this.#one();
    while (this.#take(/ and /) !== null) verdict = this.#one() && verdict;
    return verdict;
  }

  #one(): boolean {
    if (this.#take(/\(/) !== null) {
      const verdict = this.#either();
      this.#take(/\)/);
      return verdict;
    }
    const name = this.#take(/[a-z]+/)?.[0] ?? '';
    const given = Object.hasOwn(this.#args, name);
    const value = this.#args[name];
    if (this.#take(/ is not given/) !== null) return !given;
    // "is given and is not x" says of a missing argument what "is not x" leaves open.
    const must = this.#take(/ is given and (?=is not|is none|does)/) === null ? null : given;
    if (must !== null) this.#at -= 1;
    if (must === null && this.#take(/ is given/) !== null) return given;
    return this.#said(value, given) && must !== false;
  }

  #said(value: unknown, given: boolean): boolean {
    const order = this.#take(/ (<=|>=|<|>) (-?[0-9.]+)/);
    if (order !== null) {
      const limit = Number(order[2]);
      if (typeof value !== 'number') return false;
      return order[1] === '<=' ? value <= limit : order[1] === '>=' ? value >= limit : order[1] === '<' ? value < limit : value > limit;
    }
    const listed = this.#take(/ is (one|none) of ("[^"]*"(?:, "[^"]*")*)/);
    if (listed !== null) return (JSON.parse(`[${listed[2]}]`) as unknown[]).includes(value) === (listed[1] === 'one') && (listed[1] === 'none' || given);
    const text = this.#take(/ (does not start with|starts with|contains|does not contain) ("[^"]*")/);
    if (text !== null) {
      const wanted = JSON.parse(text[2] ?? '') as string;
      const negative = text[1]?.startsWith('does') ?? false;
      if (!given) return negative;
      return typeof value === 'string' && (text[1]?.includes('start') ? value.startsWith(wanted) : value.includes(wanted)) !== negative;
    }
    const same = this.#take(/ is (not )?("[^"]*"|-?[0-9.]+|true|false|null)/);
    if (same === null) throw new Error(`cannot read ${this.#text} at ${this.#at}`);
    return same[1] === undefined ? given && value === JSON.parse(same[2] ?? '') : value !== JSON.parse(same[2] ?? '');
  }
}

describe('the sentence is true to the condition', () => {
  const number = fc.constantFrom('0', '1', '2', '2.5', '-1');
  const text = fc.constantFrom('"a"', '"ab"', '"b"');
  const atom = fc.oneof(
    fc.tuple(fc.constantFrom('n', 'm'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), number).map(([name, op, n]) => `args.${name} ${op} ${n}`),
    fc.tuple(number, fc.constantFrom('<', '<=', '>', '>=', '==', '!='), fc.constantFrom('n', 'm')).map(([n, op, name]) => `${n} ${op} args.${name}`),
    fc.tuple(fc.constantFrom('s', 't'), fc.constantFrom('==', '!='), text).map(([name, op, t]) => `args.${name} ${op} ${t}`),
    fc.tuple(fc.constantFrom('s', 't'), fc.uniqueArray(text, { minLength: 1, maxLength: 3 })).map(([name, texts]) => `args.${name} in [${texts.join(', ')}]`),
    fc.tuple(fc.constantFrom('s', 't'), fc.constantFrom('startsWith', 'contains'), text).map(([name, method, t]) => `args.${name}.${method}(${t})`),
    fc.constantFrom('args.f', 'args.g', 'has(args.n)', 'has(args.s)', '"f" in args'),
  );
  const { condition } = fc.letrec<{ condition: string }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 3 },
      atom,
      tie('condition').map((one) => `!(${one})`),
      fc.array(tie('condition'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' && ')})`),
      fc.array(tie('condition'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' || ')})`),
    ),
  }));
  const numbers = fc.constantFrom(0, 1, 2, 2.5, -1, 5);
  const texts = fc.constantFrom('a', 'ab', 'b', 'x', '');
  const args = fc.record({ n: numbers, m: numbers, s: texts, t: texts, f: fc.boolean(), g: fc.boolean() }, { requiredKeys: [] });
  let said = 0;

  it('of a `require`: who does what it says passes, and who passes did it', () => {
    fc.assert(
      fc.property(condition, args, (source, call) => {
        const one = conditionOf(source);
        const sentence = one.wouldPass(false);
        if (sentence === null) return;
        said += 1;
        const outcome = inAWord(one.evaluate(inputOf({ args: JSON.stringify(call) })));
        expect([source, sentence, call, new Reader(sentence, call).whole()]).toEqual([source, sentence, call, outcome === 'true']);
      }),
      { numRuns: 1000 },
    );
    expect(said).toBeGreaterThan(600);
  });

  it('of a `deny_if`: who does what it says passes', () => {
    fc.assert(
      fc.property(condition, args, (source, call) => {
        const one = conditionOf(source);
        const sentence = one.wouldPass(true);
        if (sentence === null || !new Reader(sentence, call).whole()) return;
        expect([source, sentence, call, inAWord(one.evaluate(inputOf({ args: JSON.stringify(call) })))]).toEqual([source, sentence, call, expect.stringMatching(/^(false|absent)/)]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('how long a sentence may be', () => {
  it('one of 300 characters is said, a longer one is not', () => {
    const texts = (length: number): string => `args.a == "${'x'.repeat(length - 'a is ""'.length)}"`;
    expect(conditionOf(texts(300)).wouldPass(false)).toHaveLength(300);
    expect(conditionOf(texts(301)).wouldPass(false)).toBeNull();
  });
});
