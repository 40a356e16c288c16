import { describe, expect, it } from 'vitest';
import { starterPolicy } from '../../src/catalogue/starter/index.ts';
import { decide, facts, loaded, node } from './support.ts';

type Parameter = Parameters<typeof facts>[2] extends readonly (infer P)[] | undefined ? P : never;

const required = (name: string, type = 'string'): Parameter => ({ name, type, required: true });
const optional = (name: string, type = 'string'): Parameter => ({ name, type, required: false });
const EXECUTE = { category: 'execute', risk: 'high', findings: ['missing_schema'] } as const;

/** What the starter policy says of a call of a tool that starts something. */
async function codeOf(parameters: readonly Parameter[], args: object): Promise<string | null> {
  const { set } = await loaded(starterPolicy([facts('start', EXECUTE, parameters)], { origin: 'x' }));
  return decide(set, { name: 'start' }, args).code;
}

const values: readonly [parameter: Parameter, good: readonly unknown[], bad: readonly unknown[]][] = [
  [required('brokerId'), ['b-1234', 'AB12!34', 'contoso.sharepoint.com,ab-12', '19:x@thread.v2', 'arn:aws:mq:eu-central-1:123456789012:broker:x:b-1', 'a@b', 'x_y=z+1', '0'], ['', '-rf', 'a b', 'a?x=1', 'a#b', '../a', 'a%2fb', 'a\nb', "a'b", 'x'.repeat(257), 5, null, ['a']]],
  [required('role_arn'), ['arn:aws:iam::123456789012:role/x'], ['arn aws', '']],
  [required('source_image'), ['public.ecr.aws/docker/library/alpine:3.20', 'registry:5000/a/b@sha256:0123456789abcdef'], ['alpine; rm -rf /', '--privileged', 'a b', '$(id)', '']],
  [required('repository_name'), ['my repo', 'Größe', 'ツール'], ['', 'a\u0000b', 'a\nb', 'a\u007f', 'x'.repeat(257), 5]],
  [required('callbackUrl'), ['https://example.com', 'https://example.com:8443/a/b?c=d#e', 'https://例え.jp/'], ['http://example.com', 'https://', 'https://good.example@evil.example/', 'https://good.example\\@evil.example', 'https://a b', 'file:///etc/passwd', 'javascript:alert(1)', ' https://example.com', 'https://example.com\n', `https://${'a'.repeat(3000)}`]],
  [required('email'), ['a@example.com'], ['a', 'a@', 'a@b@c', `${'a'.repeat(300)}@example.com`]],
  [required('amount', 'number'), [0.01, 5, 1e6], [0, -1, '5', null]],
  [required('quantity', 'integer'), [1, 2], [0, -1, 1.5]],
  [required('sql'), ['select 1'], ['x'.repeat(4001), 5]],
  [required('instance_ids', 'array of string'), [[], Array.from({ length: 20 }, () => 'i')], [Array.from({ length: 21 }, () => 'i'), 'i', { length: 1 }]],
  [required('paths', 'array of string'), [[], ['a', '/srv/x']], [['a', '../x'], '..', ['a', 5], null]],
  [required('output_dir', 'string | null'), [null, 'a'], ['../x', 5]],
  [required('file_path'), ['a/b.txt', '/srv/x', './x'], ['../x', '/srv/../etc/passwd', '..\\x', 'a/..', 5]],
];

describe.each(values)('a required argument like %j', (parameter, good, bad) => {
  it('lets good values pass', async () => {
    for (const value of good) expect(await codeOf([parameter], { [parameter.name]: value }), JSON.stringify(value)).toBeNull();
  });

  it('refuses the others', async () => {
    for (const value of bad) expect(await codeOf([parameter], { [parameter.name]: value }), JSON.stringify(value).slice(0, 60)).toMatch(/^(?:invalid_arguments|condition_failed|policy_error)$/);
  });
});

describe('the checks of arguments', () => {
  it('say nothing of arguments that may be left out, except that a path must not climb', async () => {
    expect(await codeOf([optional('id'), optional('path')], {})).toBeNull();
    expect(await codeOf([optional('id'), optional('path')], { id: 'a b' })).toBeNull();
    expect(await codeOf([optional('path')], { path: '../x' })).toBe('condition_failed');
  });

  it('hold a list of paths, and one that may be null, to the same as one path', async () => {
    expect(await codeOf([optional('files', 'array of string'), optional('dir', 'string | null')], {})).toBeNull();
    expect(await codeOf([optional('files', 'array of string')], { files: ['a', 'b/../../c'] })).toBe('condition_failed');
    expect(await codeOf([optional('dir', 'string | null')], { dir: null })).toBeNull();
    expect(await codeOf([optional('dir', 'string | null')], { dir: '..' })).toBe('condition_failed');
  });

  it('leave two spellings of one name alone: to govern one would refuse the other', async () => {
    expect(await codeOf([required('id'), required('ID')], { id: 'a', ID: 'b' })).toBeNull();
  });

  it('reach arguments with dots, quotes and words of CEL in their names', async () => {
    for (const name of ['user.id', 'a\\id', 'x"y id', '__proto__ id', 'content-type url']) {
      const good = name.endsWith('url') ? 'https://example.com' : 'a';
      expect(await codeOf([required(name)], JSON.parse(`{${JSON.stringify(name)}: ${JSON.stringify(good)}}`) as object), name).toBeNull();
      expect(await codeOf([required(name)], JSON.parse(`{${JSON.stringify(name)}: "a b"}`) as object), name).toBe('invalid_arguments');
    }
    for (const name of ['in', 'package', 'path-x']) expect(await codeOf([required(name)], { [name]: 'a' })).toBeNull();
  });

  it('hold for reads and writes that reach files, whatever else they allow', async () => {
    for (const category of ['read', 'write'] as const) {
      const tool = facts('t', { category, risk: category === 'read' ? 'low' : 'medium', signals: ['filesystem_path'] }, [required('path'), optional('outputDir')]);
      const { set } = await loaded(starterPolicy([tool], { origin: 'x' }));
      expect(decide(set, tool, { path: 'a' }).effect).toBe('allow');
      expect(decide(set, tool, { path: 'a/../../b' }).code).toBe('condition_failed');
      expect(decide(set, tool, { path: 'a', outputDir: '..' }).code).toBe('condition_failed');
    }
  });

  it('are few enough to read, however many parameters there are', async () => {
    const parameters = Array.from({ length: 200 }, (_, index) => required(`thing_${index}_id`));
    const yaml = starterPolicy([facts('start', EXECUTE, parameters)], { origin: 'x' });
    expect(yaml.split('\n').filter((line) => line.includes('_id:')).length).toBeLessThanOrEqual(12);
    await loaded(yaml);
  });

  it('of a tool behind an approval are only what a person overlooks', async () => {
    const tool = facts('purge', { category: 'destructive', risk: 'critical', findings: ['missing_schema'] }, [required('id'), required('ids', 'array')]);
    const { set } = await loaded(starterPolicy([tool], { origin: 'x' }));
    expect(decide(set, tool, { id: 'a b', ids: [] }).effect).toBe('require_approval');
    expect(set.decide({ kind: 'tool', name: 'purge', args: node({ id: 'a', ids: Array.from({ length: 21 }, () => 1) }), tool: null }).code).toBe('invalid_arguments');
  });
});
