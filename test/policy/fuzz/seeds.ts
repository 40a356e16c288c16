import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

const ROOT = join(import.meta.dirname, '../../..');

/** Policies that use the whole language: the cookbook, and what the decision tables are about. */
export function seeds(): string[] {
  const read = (folder: string, end: string): string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(end)).sort().map((name) => readFileSync(join(ROOT, folder, name), 'utf8'));
  const inline = read('test/policy/tables', '.test.yaml').flatMap((text) => {
    const block = /^inline: \|\n((?:(?: {2}.*)?\n)+)/m.exec(text)?.[1];
    return block === undefined ? [] : [block.replace(/^ {2}/gm, '')];
  });
  return [...read('docs/cookbook', '.policy.yaml'), ...inline];
}

const PIECES = [
  '\n', '\n  ', '\n    - ', ' ', '\t', ': ', '"', "'", '*', '&a ', '*a', '!!x ', '{', '}', '[', ']', ', ', '#', '- ', '<<: ', '\u0000', '\uFEFF', '\ud83d', '0', '-1', '1e9', '.5', 'null', 'true',
  'allow', 'deny', 'hide', 'require_approval', 'action: allow', ', action: allow', 'when: true', 'when: args.x == 1.0', 'require: "true"', 'deny_if: "false"', 'mode: observe', 'default: allow\n',
  '||', '&&', '!', '==', '<=', 'args', 'args.x', 'has(args.x)', '(', ')', '.matches("(a+)+$")', '"*": allow\n', '  "*": allow\n', 'additional: false', 'type: number', 'maximum: 1', 'window: 1', 'max: 1',
];

const mutation = fc.record({
  at: fc.nat(),
  remove: fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 8 }) }, { weight: 1, arbitrary: fc.nat({ max: 60 }) }),
  insert: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...PIECES) }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) }),
});

/** One of the texts with a few places changed. */
export function mutated(texts: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...texts), fc.array(mutation, { minLength: 1, maxLength: 4 })).map(([text, mutations]) =>
    mutations.reduce((now, { at, remove, insert }) => {
      const place = at % (now.length + 1);
      return now.slice(0, place) + insert + now.slice(place + remove);
    }, text),
  );
}
