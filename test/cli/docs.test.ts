import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../src/policy/index.ts';
import { loadPolicyFiles } from '../../src/cli/policy-files.ts';
import { readGatewayFile } from '../../src/cli/config/gateway-file.ts';
import { DEFAULT_JOURNAL, DEFAULT_LIMITS } from '../../src/cli/config/gateway-file.ts';
import { policylayer, repository } from './support.ts';

const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => join('docs', name))];
const text = (name: string): string => readFileSync(join(repository, name), 'utf8');
const blocks = (name: string, language: string): string[] => [...text(name).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1] ?? '');

/** Every variable is set. */
const env = new Proxy({}, { getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: 'x' }), get: () => 'variable-value-0123456789' });

describe('the documentation', () => {
  it.each(documents)('%s: every YAML block is a policy or a configuration that loads', async (name) => {
    for (const block of blocks(name, 'yaml')) {
      if (/^servers:/m.test(block)) expect((await readGatewayFile(block, '/', env)).problems).toEqual([]);
      else expect(await loadPolicy(block, { name: 'example' })).toMatchObject({ ok: true });
    }
  });

  it.each(documents)('%s: every JSON block is JSON', (name) => {
    for (const block of blocks(name, 'json')) expect(() => JSON.parse(block) as unknown).not.toThrow();
  });

  it.each(documents)('%s: every link to a file leads to one', (name) => {
    for (const [, target = ''] of text(name).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) expect(existsSync(join(repository, dirname(name), target)), target).toBe(true);
  });

  it.each(documents)('%s: every test directory and script that it names exists', (name) => {
    const scripts = Object.keys((JSON.parse(text('package.json')) as { scripts: object }).scripts);
    for (const [, script = ''] of text(name).matchAll(/npm run ([a-z:-]+)/g)) expect(scripts).toContain(script);
    for (const [, path = ''] of text(name).matchAll(/`((?:test|src|scripts|docs|examples)\/[\w./-]+)`/g)) expect(existsSync(join(repository, path)) || existsSync(join(repository, `${path}.md`)) || path.startsWith('docs/decisions/0'), path).toBe(true);
  });

  it('the README names every command of the program', async () => {
    const { stdout } = await policylayer(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map((match) => match[1] ?? '').filter((name) => name !== 'help');
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) expect(text('README.md')).toContain(`| \`${command}\` |`);
  });

  it('docs/configuration.md tells the real defaults', () => {
    const page = text('docs/configuration.md');
    const row = (field: string): string => new RegExp(`^\\| \`${field}\` \\| \`?([^|\`]+)\`? \\|`, 'm').exec(page)?.[1]?.trim() ?? '';
    expect([row('max_body_bytes'), row('max_result_bytes'), row('max_depth'), row('max_keys')].map(Number)).toEqual([DEFAULT_LIMITS.client.maxBytes, DEFAULT_LIMITS.upstream.maxBytes, DEFAULT_LIMITS.client.maxDepth, DEFAULT_LIMITS.client.maxKeys]);
    expect(Number(row('max_sessions_per_grant'))).toBe(DEFAULT_LIMITS.maxSessionsPerGrant);
    expect(row('session_idle')).toBe(`${DEFAULT_LIMITS.sessionIdleMs / 60_000}m`);
    expect(row('body_timeout')).toBe(`${DEFAULT_LIMITS.bodyTimeoutMs / 1_000}s`);
    expect([row('retain_days'), row('arguments')]).toEqual([String(DEFAULT_JOURNAL.retainDays), DEFAULT_JOURNAL.arguments]);
  });

  it('every policy below examples/ loads without a warning', async () => {
    const policies = readdirSync(join(repository, 'examples'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.policy.yaml'));
    expect(policies.length).toBeGreaterThan(0);
    for (const name of policies) expect(await loadPolicyFiles([{ name: 'example', path: join(repository, 'examples', name) }], null)).toMatchObject({ ok: true, warnings: [] });
  });
});
