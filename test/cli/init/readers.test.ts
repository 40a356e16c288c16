import fc from 'fast-check';
import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { readConfigText } from '../../../src/cli/init/entries.ts';
import { readJsonc } from '../../../src/cli/init/jsonc.ts';
import { SyntaxProblem, type SyntaxNode } from '../../../src/cli/init/syntax.ts';
import { readToml, type TomlDocument } from '../../../src/cli/init/toml.ts';
import { jsoncDocument, tomlDocument } from './generators.ts';

/** The tree of another reader, as ours. */
function shape(node: Node): unknown {
  const at = [node.offset, node.offset + node.length];
  if (node.type === 'object') return [...at, (node.children ?? []).map((property) => [(property.children ?? [])[0]?.value, (property.children ?? [])[1]].map((each, index) => (index === 0 ? each : shape(each as Node))))];
  if (node.type === 'array') return [...at, (node.children ?? []).map(shape)];
  return [...at, node.value];
}

function ours(node: SyntaxNode): unknown {
  if (node.kind === 'object') return [node.start, node.end, node.fields.map((field) => [field.key, ours(field.value)])];
  if (node.kind === 'array') return [node.start, node.end, node.items.map(ours)];
  return [node.start, node.end, node.value];
}

/** Characters cut out and put in, at random places. */
const damage = fc.array(fc.record({ at: fc.nat(5_000), cut: fc.nat(3), put: fc.constantFrom('', '"', "'", '\\', '{', '}', '[', ']', ',', ':', '=', '.', '#', '/', '*', '\n', '\r', '\u0000', '"""', "'''", 'x', '0') }), { minLength: 1, maxLength: 3 });

function damaged(text: string, damages: readonly { readonly at: number; readonly cut: number; readonly put: string }[]): string {
  return damages.reduce((each, { at, cut, put }) => {
    const place = each.length === 0 ? 0 : at % each.length;
    return each.slice(0, place) + put + each.slice(place + cut);
  }, text);
}

describe('the reader of JSON with comments', () => {
  it('finds what jsonc-parser finds, at the same places', () => {
    fc.assert(fc.property(jsoncDocument(), ({ text }) => {
      const errors: ParseError[] = [];
      const tree = parseTree(text.replace(/^\ufeff/, ' '), errors, { allowTrailingComma: true });
      expect(errors.map(({ error }) => printParseErrorCode(error))).toEqual([]);
      const root = readJsonc(text);
      expect(root === null ? null : ours(root)).toEqual(tree === undefined ? null : shape(tree));
    }), { numRuns: 500 });
  });

  it('whatever is done to a document: it is read as jsonc-parser reads it, or refused with its place', () => {
    fc.assert(fc.property(jsoncDocument(), damage, ({ text }, damages) => {
      const broken = damaged(text, damages);
      let root: SyntaxNode | null;
      try {
        root = readJsonc(broken);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxProblem);
        return;
      }
      const errors: ParseError[] = [];
      const tree = parseTree(broken.replace(/^\ufeff/, ' '), errors, { allowTrailingComma: true });
      if (root !== null) expect(errors.map(({ error }) => printParseErrorCode(error))).toEqual([]);
      expect(root === null ? null : ours(root)).toEqual(tree === undefined ? null : shape(tree));
    }), { numRuns: 1_000 });
  });

  const BAD: readonly [title: string, text: string, message: RegExp][] = [
    ['no end', '{"a": 1', /line 1, column 8: expected `,` or `}`/],
    ['two commas', '{"a": 1,, "b": 2}', /column 9: expected a key/],
    ['only a comma', '[,]', /expected a value/],
    ['text behind the end', '{} {}', /behind the end/],
    ['a comment without end', '{ /* ', /comment has no end/],
    ['a string without end', '{"a', /a string has no end/],
    ['a string over two lines', '{"a\n": 1}', /control character/],
    ['an unknown escape', '{"\\x": 1}', /escape/],
    ['single quotes', "{'a': 1}", /double quotes/],
    ['a key without quotes', '{a: 1}', /double quotes/],
    ['a word', '{"a": yes}', /expected a value/],
    ['NaN', '[NaN]', /expected a value/],
    ['a number with a leading zero', '[01]', /expected `,` or `]`/],
    ['the same key twice', '{"a": 1, "a": 2}', /line 1, column 10: the key "a" stands here twice/],
    ['the same key twice, once with an escape', '{"a": 1, "\\u0061": 2}', /twice/],
    ['deep nesting', '['.repeat(300), /200 levels/],
  ];
  it.each(BAD)('refuses %s', (_title, text, message) => {
    expect(() => readJsonc(text)).toThrow(message);
  });

  it.each([['', 'nothing'], ['\ufeff', 'a byte order mark'], [' // only a comment\n', 'a comment']])('%j is an empty document: %s', (text) => {
    expect(readJsonc(text)).toBeNull();
  });

  it('`__proto__` is a key like any other', () => {
    const value = readJsonc('{"__proto__": {"command": "x"}, "a": {}}')?.value as { command?: string } | undefined;
    expect(Object.keys(value ?? {})).toEqual(['__proto__', 'a']);
    expect(value?.command).toBeUndefined();
  });
});

describe('the reader of TOML', () => {
  const DOCUMENT = `# top
title = 'x' # = "no"
"quoted key"."with.dot" = """
[mcp_servers.fake]
command = "no"
"""
[a.b]
list = [ 1, "two # ]", ['three'], { x = "}" }, # [
  '''
]''' ]
when = 1979-05-27 07:32:00Z
inline = { a.b = 1, "c" = [ { d = """e""" } ] }
[ mcp_servers . "x y" ] # [no]
command = 'C:\\node.exe'
[[array]]
x = 1
[[array]]
x = """a""" # four quotes end a text that ends with one
y = """b\\"""""
`;

  it('finds every value where it stands', () => {
    const { root, tables } = readToml(DOCUMENT);
    const places = tables.flatMap((table) => table.pairs.map((pair) => [table, pair] as const));
    expect(places).toHaveLength(9);
    for (const [table, pair] of places) {
      const text = DOCUMENT.slice(pair.value.start, pair.value.end);
      const parsed = parseToml(`x = ${text}`)['x'];
      if (table.array) continue;
      const full = [...table.path, ...pair.path].reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], root);
      expect(parsed).toEqual(full);
    }
    expect(tables.map(({ path }) => path)).toEqual([[], ['a', 'b'], ['mcp_servers', 'x y'], ['array'], ['array']]);
  });

  it.each([
    ['a = 1\na = 2', /line 2/],
    ['[a]\n[a]', /line 2/],
    ['a = ', /line 1/],
    ['a = "x', /line 1/],
    ['= 1', /line 1/],
  ])('refuses %j with its place', (text, message) => {
    expect(() => readToml(text)).toThrow(message);
  });

  it('whatever is done to a document: it is refused with its place, or every value is where it is said to be', () => {
    fc.assert(fc.property(tomlDocument(), damage, (text, damages) => {
      const broken = damaged(text, damages);
      let document: TomlDocument;
      try {
        document = readToml(broken);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxProblem);
        return;
      }
      for (const table of document.tables.filter(({ array }) => !array)) {
        for (const pair of table.pairs) {
          const meant = [...table.path, ...pair.path].reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document.root);
          const said = parseToml(`x = ${broken.slice(pair.value.start, pair.value.end)}`, { integersAsBigInt: 'asNeeded' })['x'];
          expect(said).toEqual(meant);
        }
      }
    }), { numRuns: 1_000 });
  });

  const SHAPES: readonly [title: string, text: string, style: string | null][] = [
    ['a table', '[mcp_servers.x]\ncommand = "a"\n', 'toml-table'],
    ['a table with tables below', '[mcp_servers.x]\ncommand = "a"\n[mcp_servers.x.env]\nA = "1"\n', 'toml-table'],
    ['an inline table in its container', '[mcp_servers]\nx = { command = "a" }\n', 'toml-inline'],
    ['an inline table by its path', 'mcp_servers.x = { command = "a" }\n', 'toml-inline'],
    ['all in one line', 'mcp_servers = { x = { command = "a" } }\n', 'toml-inline'],
    ['dotted keys', '[mcp_servers]\nx.command = "a"\n', null],
  ];
  it.each(SHAPES)('an entry as %s', (_title, text, style) => {
    const [entry] = readConfigText(text, 'toml', [['mcp_servers']]).entries;
    expect(entry?.name).toBe('x');
    if (style === null) expect(entry?.obstacle).toMatch(/\[mcp_servers\.x\]/);
    else expect(entry).toMatchObject({ style, obstacle: null, fields: [{ key: 'command' }, ...(text.includes('env') ? [{ key: 'env' }] : [])] });
  });

  it('what follows the last pair of an entry belongs to what comes next', () => {
    const text = '[mcp_servers.x]\ncommand = "a" # mine\n\n# about the rest\n[rest]\na = 1\n';
    const [entry] = readConfigText(text, 'toml', [['mcp_servers']]).entries;
    expect(text.slice(entry?.start, entry?.end)).toBe('[mcp_servers.x]\ncommand = "a"');
  });
});
