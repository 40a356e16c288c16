import { describe, expect, it } from 'vitest';
import { compile, formatDiagnostic, fromJSON, loadPolicy, PolicyError, toolFacts, readDefinitions } from '../../src/policy/index.ts';
import type { Diagnostic } from '../../src/policy/index.ts';
import { Reporter } from '../../src/policy/diagnostic.ts';
import { jsonOf, nodeOf } from '../../src/policy/plain-json.ts';
import { positionInScalar } from '../../src/policy/scalar-positions.ts';
import { found, fromJsonNode, spanInside } from '../../src/policy/source-node.ts';
import { NOWHERE, SourceText } from '../../src/policy/source-text.ts';
import { suggest } from '../../src/policy/suggest.ts';
import { syntaxProblems } from '../../src/policy/yaml-errors.ts';
import { YAMLParseError } from 'yaml';
import type { ErrorCode } from 'yaml';
import { load } from './load.ts';

describe('plain values have the JSON text', () => {
  it.each<[unknown, string]>([
    [1, '1'], [-0, '-0'], [0, '0'], [12n, '12'], [true, 'true'], [null, 'null'], ['é"', '"é\\""'], [[1, [2]], '[1,[2]]'], [{ a: { b: 'x' } }, '{"a":{"b":"x"}}'], [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
  ])('%o', (value, expected) => expect(jsonOf(value, 'it')).toBe(expected));

  const deep = (depth: number): unknown => (depth === 0 ? 1 : [deep(depth - 1)]);
  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'it is undefined, which JSON cannot hold'],
    ['a function', () => 1, 'it is a function, which JSON cannot hold'],
    ['a symbol', [Symbol('x')], 'it[0] is a symbol, which JSON cannot hold'],
    ['infinity', { a: [1, Number.POSITIVE_INFINITY] }, 'it.a[1] is Infinity, which JSON cannot hold'],
    ['no number', Number.NaN, 'it is NaN, which JSON cannot hold'],
    ['half a character', { a: '\ud800' }, 'it.a has an unpaired surrogate'],
    ['half a character in a key', { '\udc00': 1 }, 'it has a key with an unpaired surrogate'],
    ['a date', { a: { b: new Date(0) } }, 'it.a.b is an object of a class; expected a plain object'],
    ['a symbol as a key', { [Symbol('x')]: 1 }, 'it has a symbol as a key, which JSON cannot hold'],
    ['a member that is undefined', { a: undefined }, 'it.a is undefined, which JSON cannot hold'],
    ['a depth of 129', deep(129), `it${'[0]'.repeat(129)} is nested too deeply, or contains itself`],
  ])('not: %s', (_, value, message) => expect(() => jsonOf(value, 'it')).toThrow(new TypeError(message)));

  it('to a depth of 128', () => expect(jsonOf(deep(128), 'it')).toBe(`${'['.repeat(128)}1${']'.repeat(128)}`));

  it('and what is no JSON is refused in a sentence', () => {
    expect(() => nodeOf('{', 'the thing is', { maxBytes: 9, maxDepth: 9, maxKeys: 9 })).toThrow(/^the thing is not usable JSON: ./);
    expect(() => toolFacts('{')).toThrow(/^the definition is not usable JSON: ./);
    expect(() => readDefinitions('{')).toThrow(/^the definitions are not usable JSON: ./);
    expect(() => toolFacts({ a: () => 1 })).toThrow('definition.a is a function, which JSON cannot hold');
    expect(() => readDefinitions([() => 1])).toThrow('definitions[0] is a function, which JSON cannot hold');
  });
});

describe('the text of a policy', () => {
  const text = new SourceText('ab\r\nc\td\n', 'f');
  it.each([[-1, 0, 0], [0, 1, 1], [2, 1, 3], [4, 2, 1], [6, 2, 3], [8, 3, 1]])('offset %i is line %i, column %i', (offset, line, column) => expect(text.locate(offset)).toEqual({ line, column }));
  it('has no excerpt of nowhere, and shows lines without their ends', () => {
    expect(NOWHERE).toEqual({ start: -1, end: -1 });
    expect(text.excerpt(NOWHERE)).toBeNull();
    expect(text.excerpt({ start: 1, end: 9 })).toEqual({ text: 'ab', column: 2, length: 1 });
    expect(text.excerpt({ start: 4, end: 7 })).toEqual({ text: 'c d', column: 1, length: 3 });
    expect(text.excerpt({ start: 8, end: 8 })).toEqual({ text: '', column: 1, length: 1 });
  });

  const json = nodeOf('{"a":[true,false,null,1.0,"x"]}', 'it is', { maxBytes: 99, maxDepth: 9, maxKeys: 9 });
  it('as JSON is a tree without positions', () => expect(fromJsonNode(json)).toEqual({
    kind: 'map', span: NOWHERE, damaged: false, entries: [{ key: 'a', keySpan: NOWHERE, value: { kind: 'list', span: NOWHERE, items: [
      { kind: 'boolean', span: NOWHERE, value: true }, { kind: 'boolean', span: NOWHERE, value: false }, { kind: 'null', span: NOWHERE }, { kind: 'number', span: NOWHERE, value: 1, text: '1.0' }, { kind: 'string', span: NOWHERE, value: 'x' },
    ] } }],
  }));
  it('that is broken is called unreadable', () => expect(found({ kind: 'broken', span: NOWHERE })).toBe('something unreadable'));
  it('is pointed into where a string has positions', () => {
    const span = { start: 3, end: 9 };
    expect(spanInside({ kind: 'string', span, value: 'abc' }, 1, 2)).toBe(span);
    expect(spanInside({ kind: 'string', span, value: 'abc', locate: (offset) => offset + 4 }, 1, 3)).toEqual({ start: 5, end: 7 });
    expect(spanInside({ kind: 'string', span, value: 'abc', locate: () => 4 }, 1, 1)).toEqual({ start: 4, end: 5 });
  });

  it.each<[text: string, value: string, offset: number, position: number]>([
    ['abc', 'abc', 1, 1], ['"a\\nb"', 'a\nb', 2, 4], ['"\\x41b"', 'Ab', 1, 5], ['"\\u0041b"', 'Ab', 1, 7], ['"\\U0001F600b"', '😀b', 2, 11], ['"a\\\r\n  b"', 'ab', 1, 2], ['"a\\\n  bc"', 'abc', 2, 7],
    ["'a''b'", "a'b", 2, 4], ['a  b', 'a b', 2, 3], ['|', '', 0, 1], ['|\n  ab\n', 'ab\n', 1, 5], ['>\n  a\n  b\n', 'a b\n', 2, 8], ['abc', 'abd', 3, 2],
  ])('%j with the value %j has its offset %i at %i', (source, value, offset, position) => expect(positionInScalar(source, { start: 0, end: source.length }, value, offset)).toBe(position));
});

describe('diagnostics', () => {
  const many = (count: number): Diagnostic[] => {
    const reporter = new Reporter(new SourceText('x', 'f'));
    for (let index = 0; index < count; index += 1) reporter.warning('w', { start: 0, end: 1 }, '/p', `m${index}`, 'h');
    return reporter.list('warning');
  };
  it.each([[500, 500], [501, 501], [503, 501]])('of %i, %i are listed', (count, listed) => expect(many(count)).toHaveLength(listed));
  it('that are left out are counted', () => {
    expect(many(500).at(-1)).toMatchObject({ code: 'w', message: 'm499' });
    expect(many(503).at(-1)).toEqual({ severity: 'warning', code: 'too_many', file: 'f', line: 1, column: 1, pointer: '/p', message: '3 more of these are not shown', help: null, excerpt: null });
  });
  it.each<[Partial<Diagnostic>, string]>([
    [{}, 'f:1:2: error: m\n    ab\n     ^\n  help: h'],
    [{ help: null }, 'f:1:2: error: m\n    ab\n     ^'],
    [{ line: 0, column: 0, excerpt: null, help: null }, 'f/p: error: m'],
    [{ excerpt: { text: '', column: 1, length: 1 }, help: null }, 'f:1:2: error: m'],
  ])('with %j read %j', (part, expected) => expect(formatDiagnostic({ severity: 'error', code: 'c', file: 'f', line: 1, column: 2, pointer: '/p', message: 'm', help: 'h', excerpt: { text: 'ab', column: 2, length: 1 }, ...part })).toBe(expected));
});

describe('a name that was probably meant', () => {
  it.each<[string, string[], string | null]>([
    ['rateLimit', ['rate_limit'], 'rate_limit'], ['RATE-LIMIT', ['rate_limit'], 'rate_limit'], ['ab', ['ba'], 'ba'], ['ab', ['cd'], null], ['abc', ['abd', 'abc'], 'abc'], ['xabc', ['axcb'], null], ['aab', ['bba'], null],
    ['abcdef', ['badcef'], 'badcef'], ['abcdef', ['badcfe'], null], ['a'.repeat(64), ['a'.repeat(63)], 'a'.repeat(63)], ['a'.repeat(65), ['a'.repeat(65)], null],
  ])('%s of %j: %s', (word, candidates, expected) => expect(suggest(word, candidates)).toBe(expected));
});

describe('what the YAML reader stumbled over', () => {
  const NO_PROPERTIES = 'YAML anchors, aliases and tags are not supported';
  it.each<[ErrorCode, string, string, string]>([
    ['ALIAS_PROPS', 'x', 'yaml_syntax', NO_PROPERTIES], ['BAD_PROP_ORDER', 'x', 'yaml_syntax', NO_PROPERTIES], ['MULTIPLE_ANCHORS', 'x', 'yaml_syntax', NO_PROPERTIES], ['MULTIPLE_TAGS', 'x', 'yaml_syntax', NO_PROPERTIES], ['TAG_RESOLVE_FAILED', 'x', 'yaml_syntax', NO_PROPERTIES], ['BAD_COLLECTION_TYPE', 'x', 'yaml_syntax', NO_PROPERTIES],
    ['RESOURCE_EXHAUSTION', 'x', 'too_deep', 'the document is nested too deeply to read'],
    ['MISSING_CHAR', 'Flow sequence must end with a ]', 'yaml_syntax', 'a `[` is not closed'], ['MISSING_CHAR', 'Flow map must end with a }', 'yaml_syntax', 'a `{` is not closed'],
    ['MISSING_CHAR', 'Missing directives-end indicator line', 'directive', 'a line that starts with `%` is a YAML directive; directives are not supported'],
    ['MISSING_CHAR', 'All must be followed by map values', 'yaml_syntax', 'expected `key: value`; the colon and the value are missing'], ['MISSING_CHAR', 'something', 'yaml_syntax', 'this is not YAML: something'],
    ['IMPOSSIBLE', 'one\ntwo', 'yaml_syntax', 'this is not YAML: one'],
  ])('%s, %j', (code, message, slug, expected) => expect(syntaxProblems([new YAMLParseError([0, 1], code, message)], 'a: b\n')).toMatchObject([{ code: slug, message: expected, span: { start: 0, end: 1 } }]));

  it.each<[text: string, message: string, start: number]>([
    ['[a, "]", [b]', 'Flow sequence must end with a ]', 0], ['[{a: b}, [c', 'Flow sequence must end with a ]', 9], ["[it's, 'x]', d", 'Flow sequence must end with a ]', 0], ['[ # [\n a', 'Flow sequence must end with a ]', 0], ['[ # [', 'Flow sequence must end with a ]', 0],
    ['{a: [1], b', 'Flow map must end with a }', 0], ['["\\"[", x', 'Flow sequence must end with a ]', 0], ['a: "b', 'Missing closing "quote', 3], ["a: 'b", "Missing closing 'quote", 3],
  ])('%j is traced to where it began', (text, message, start) => expect(syntaxProblems([new YAMLParseError([text.length, text.length + 1], 'MISSING_CHAR', message)], text)[0]?.span.start).toBe(start));
});

const codes = async (text: string): Promise<string[]> => {
  const result = await loadPolicy(text, { name: 'p' });
  return (result.ok ? [] : result.errors).map(({ code, pointer, message }) => `${code} ${pointer} ${message}`);
};

describe('a document', () => {
  const NOT_A_CONDITION = 'a value that begins with `!` is a YAML tag, not a condition';
  it.each(['require: !has(args.x)', 'deny_if: [!has(args.x)]', 'when: !has(args.x)', 'deny_if: [{ if: !has(args.x) }]'])('with `%s` is told that this is no condition', async (rule) => {
    expect((await codes(`version: "1"\ndefault: deny\ntools:\n  a:\n    ${rule}\n`)).join('\n')).toContain(NOT_A_CONDITION);
  });
  it('with another tag is told that tags are not supported', async () => expect((await codes('version: !x "1"\ndefault: deny\n')).join()).toContain('is not supported'));
  it('of 1 MiB to the byte is read, and one byte more is not', async () => {
    const start = 'version: "1"\ndefault: deny\n#';
    expect(await codes(start + 'x'.repeat(1024 * 1024 - start.length))).toEqual([]);
    expect(await codes(start + 'x'.repeat(1024 * 1024 + 1 - start.length))).toEqual(['too_large  the document has more than 1048576 bytes']);
  });
  it('that is unsound cannot be compiled, and the error holds every diagnostic', async () => {
    const refused: unknown = await compile('version: "2"\ndefault: alow\n', { name: 'p' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PolicyError);
    if (!(refused instanceof PolicyError)) return;
    expect([refused.name, refused.diagnostics.length]).toEqual(['PolicyError', 2]);
    expect(refused.message).toBe(refused.diagnostics.map(formatDiagnostic).join('\n'));
  });
  it('that is sound decides', async () => expect((await compile('version: "1"\ndefault: deny\ntools: { a: allow }\n', { name: 'p' })).decide({ kind: 'tool', name: 'a' }).effect).toBe('allow'));
  it('is loaded with the text of its name', async () => expect((await load('version: "1"\ndefault: deny\n', 'n')).name).toBe('n'));

  it.each<[unknown, string]>([
    [null, 'this is not a checked policy of this version'], [7, 'this is not a checked policy of this version'], [{ format: 'policylayer/checked-policy@2', name: 'n', document: '{' }, 'the checked policy is not JSON: '],
  ])('from a cache that holds %j is refused in a sentence', async (value, message) => {
    const result = await fromJSON(value);
    const [error] = result.ok ? [] : result.errors;
    expect(error).toMatchObject({ code: 'bad_cache', pointer: '', file: '(checked policy)', line: 0, column: 0, help: 'load the policy from its text', excerpt: null });
    expect(error?.message.startsWith(message)).toBe(true);
  });
  it('from a cache of the second form is loaded, without warnings', async () => {
    const saved = { format: 'policylayer/checked-policy@2', name: 'n', document: '{"version":"1","default":"allow"}' };
    expect(await fromJSON(saved)).toMatchObject({ ok: true, warnings: [] });
  });
});
