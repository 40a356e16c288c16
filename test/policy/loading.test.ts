import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic, fromJSON, loadPolicy, toJSON } from '../../src/policy/index.ts';
import { load } from './load.ts';

const SOUND = 'version: "1"\ndefault: deny\ntools:\n  read_file: allow\n';

async function codes(text: string): Promise<string[]> {
  const result = await loadPolicy(text, { name: 'p' });
  return result.ok ? [] : result.errors.map((error) => error.code);
}

describe('text', () => {
  it.each([
    ['with Windows line ends', SOUND.replaceAll('\n', '\r\n')],
    ['with a byte order mark', `\uFEFF${SOUND}`],
    ['with document marks', `---\n${SOUND}...\n`],
    ['as JSON indented by tabs', '{\n\t"version": "1",\n\t"default": "deny",\n\t"tools": { "read_file": "allow" }\n}\n'],
    ['without an end of line', SOUND.trimEnd()],
    ['with comments everywhere', `# a\n${SOUND.replaceAll('\n', ' # b\n')}# c`],
  ])('%s is the same policy', async (_, text) => expect((await load(text)).id).toBe((await load(SOUND)).id));

  it('larger than 1 MiB is refused before it is read', async () => {
    expect(await codes(`${SOUND}# ${'x'.repeat(1024 * 1024)}`)).toEqual(['too_large']);
    expect(await codes(`${SOUND}# ${'é'.repeat(600 * 1024)}`)).toEqual(['too_large']);
  });

  it.each([
    ['flow lists', '['.repeat(100_000)],
    ['flow maps', '{a: '.repeat(50_000)],
    ['block lists', '- '.repeat(100_000)],
    ['explicit keys', '? '.repeat(50_000)],
  ])('nested without end by %s is refused', async (_, text) => expect(await codes(text)).toContain('too_deep'));

  it('with twenty thousand mistakes reports five hundred and says how many more there are', async () => {
    const result = await loadPolicy(Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n'), { name: 'p' });
    const errors = result.ok ? [] : result.errors;
    expect(errors).toHaveLength(501);
    expect(errors.at(-1)).toMatchObject({ code: 'too_many', message: '19502 more of these are not shown' });
  });

  it('is reported in the order of the document', async () => {
    const result = await loadPolicy('defalt: x\ntools:\n  b: alow\n  a: { rate_limit: 0/day, acton: x }\nversion: 3\n', { name: 'p' });
    const lines = result.ok ? [] : result.errors.map((error) => error.line * 1000 + error.column);
    expect(lines).toHaveLength(5);
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  });

  it('in an error names the file that was given, or the policy', async () => {
    const [named, unnamed] = [await loadPolicy('x', { name: 'p', file: 'dir/p.yaml' }), await loadPolicy('x', { name: 'p' })];
    expect([named, unnamed].map((result) => (result.ok ? '' : result.errors[0]?.file))).toEqual(['dir/p.yaml', 'p']);
  });
});

describe('a formatted diagnostic', () => {
  it('holds no character that a terminal would obey', async () => {
    const hostile = 'version: "1"\ndefault: deny\n"\\e[2J\u202Ex\u009b31m": 1\ntools: { "a\\u0007": "\\e]0;x\\a" }\n';
    const result = await loadPolicy(hostile, { name: 'p', file: 'p.yaml' });
    const text = result.ok ? '' : result.errors.map(formatDiagnostic).join('\n');
    expect(text).toContain('\\u{202e}');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
  it('points at the place even in a very long line', async () => {
    const result = await loadPolicy(`{ "version": "1", "default": "deny", "tools": { ${Array.from({ length: 500 }, (_, index) => `"t${index}": "allow"`).join(', ')}, "bad": "alow" } }`, { name: 'p' });
    const excerpt = result.ok ? null : (result.errors[0]?.excerpt ?? null);
    expect(excerpt?.text.length).toBeLessThan(140);
    expect(excerpt?.text.slice(excerpt.column - 1, excerpt.column - 1 + excerpt.length)).toBe('"alow"');
  });
});

describe('a checked policy in a cache', () => {
  const text = 'version: "1"\ndescription: d\ndefault: deny\nmode: observe\ntools:\n  __proto__: { action: deny, reason: r, mode: observe }\n  constructor: hide\n  "1": allow\n  "x*": { rate_limit: [1/day, { max: 2, window: 3, per: [tool, grant], on_state_error: allow }] }\nresources: { "file:///*": allow }\nprompts: { p: { rate_limit: 1/s } }\nclient: { roots: deny }\n';
  it('comes back as the same policy', async () => {
    const policy = await load(text, 'name');
    const again = await fromJSON(JSON.parse(JSON.stringify(toJSON(policy))));
    expect(again.ok && again.policy.id).toBe(policy.id);
    expect(again.ok && JSON.stringify(toJSON(again.policy))).toBe(JSON.stringify(toJSON(policy)));
  });
  it.each([
    ['nothing', null],
    ['another form', { format: 'policylayer/checked-policy@1', name: 'n', document: '{"version":"1","default":"deny"}' }],
    ['no name', { format: 'policylayer/checked-policy@2', document: '{"version":"1","default":"deny"}' }],
    ['an unknown key', { format: 'policylayer/checked-policy@2', name: 'n', document: '{"version":"1","default":"deny","toolz":{}}' }],
    ['an action that does not exist', { format: 'policylayer/checked-policy@2', name: 'n', document: '{"version":"1","default":"permit"}' }],
    ['something that is not JSON', { format: 'policylayer/checked-policy@2', name: 'n', document: '{"version":"1","default":undefined}' }],
    ['a document that is no text', { format: 'policylayer/checked-policy@2', name: 'n', document: { version: '1', default: 'deny' } }],
    ['the same key twice', { format: 'policylayer/checked-policy@2', name: 'n', document: '{"version":"1","default":"deny","default":"allow"}' }],
  ])('is refused when somebody wrote %s into it', async (_, value) => expect((await fromJSON(value)).ok).toBe(false));
});

describe('the YAML reader', () => {
  it('is imported by two files of the policy room, and those only on demand', () => {
    const folder = join(import.meta.dirname, '../../src/policy');
    const sources = readdirSync(folder).filter((name) => name.endsWith('.ts')).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
    const runtime = /^import (?!type\b)[^;]*from '(yaml|\.\/parse-yaml\.ts|\.\/bounded-yaml\.ts)'/m;
    expect(sources.filter(([, source]) => runtime.test(source)).map(([name]) => name)).toEqual(['bounded-yaml.ts', 'parse-yaml.ts']);
    expect(sources.filter(([, source]) => source.includes("import('./parse-yaml.ts')")).map(([name]) => name)).toEqual(['load.ts']);
  });
});

describe('hostile text', () => {
  // A stack that is nearly full when V8 compiles a regular expression ends the process; this text did that.
  it.each([
    ['lists that are opened and commented', '['.concat('[ #\n'.repeat(16_000))],
    ['keys of keys', '? - '.repeat(50_000)],
  ])('of %s is refused before it is composed [#39]', async (_, text) => expect(await codes(text)).toContain('too_deep'));

  it.each([']', '"', '*a '])('of a megabyte of %j is refused early [#39]', async (piece) => {
    const text = piece.repeat(1024 * 1024 / piece.length - 20);
    for (const prefix of ['', '[']) expect((await loadPolicy(prefix + text, { name: 'p' })).ok).toBe(false);
  }, 120_000);

  it('never costs the policies beside it: one that uses its size well is loaded', async () => {
    const rules = Array.from({ length: 50_000 }, (_, index) => `  tool_${index}: allow`).join('\n');
    const text = `version: "1"\ndefault: deny\ntools:\n${rules}\n`;
    expect(text.length).toBeGreaterThan(900_000);
    expect((await load(text)).document.rules.tool).toHaveLength(50_000);
  }, 120_000);
});
