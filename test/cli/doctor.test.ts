import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkNode } from '../../src/cli/doctor/checks.ts';
import { findProgram } from '../../src/cli/doctor/machine.ts';
import { policylayer, temporary } from './support.ts';

const CONFIG = `listen: 127.0.0.1:0
servers:
  s: { command: [node] }
policies: { p: p.yaml }
grants: [{ label: a, server: s, policies: [p] }]
`;
const POLICY = 'version: "1"\ndefault: deny\n';

async function doctor(directory: string, args: readonly string[] = []) {
  const { status, stdout } = await policylayer(['doctor', '--json', ...args], { cwd: directory });
  const report = JSON.parse(stdout) as { ok: boolean; checks: { name: string; level: string; message: string }[] };
  return { status, ...report, failed: report.checks.filter((check) => check.level === 'fail').map((check) => `${check.name}: ${check.message}`) };
}

describe('doctor', () => {
  it('finds nothing wrong with a good set-up, and changes nothing', async () => {
    const directory = temporary({ 'gateway.yaml': CONFIG, 'p.yaml': POLICY });
    const result = await doctor(directory);
    expect(result.failed).toEqual([]);
    expect(result.status).toBe(0);
    expect(result.checks.map((check) => check.name)).toEqual(['node', 'database', 'data', 'clock', 'config', 'command', 'listen']);
    expect(existsSync(join(directory, 'data'))).toBe(false);
    expect(existsSync(join(directory, 'state'))).toBe(false);
  });

  it('finds a command that is not there, a policy with mistakes and a port that is taken, all in one run', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const directory = temporary({ 'gateway.yaml': CONFIG.replace(':0', `:${port}`).replace('[node]', '[no-such-program]'), 'p.yaml': POLICY, 'bad.yaml': 'version: "1"\ndefault: perhaps\n' });
    const result = await doctor(directory, ['--policy', 'bad.yaml']);
    server.close();
    expect(result.failed).toEqual([
      expect.stringMatching(/^policy: bad\.yaml:2:10: error: /),
      'command: server s: no-such-program is not found on PATH',
      `listen: 127.0.0.1:${port} is in use by another program`,
    ]);
    expect(result.status).toBe(1);
  });

  it('lists every mistake of a configuration', async () => {
    const directory = temporary({ 'gateway.yaml': `${CONFIG}a: 1\nb: 2\n`, 'p.yaml': POLICY });
    const result = await doctor(directory);
    expect(result.failed).toHaveLength(2);
    expect(result.status).toBe(1);
  });

  it.skipIf(process.platform === 'win32')('finds a data directory that others can write', async () => {
    const directory = temporary();
    mkdirSync(join(directory, 'd'));
    chmodSync(join(directory, 'd'), 0o777);
    const result = await doctor(directory, ['--data', 'd']);
    expect(result.failed).toEqual([expect.stringContaining('can be written by other users')]);
  });

  it('finds a database that is none', async () => {
    const directory = temporary();
    mkdirSync(join(directory, 'd'), { mode: 0o700 });
    writeFileSync(join(directory, 'd', 'policylayer.db'), 'not a database at all, only text\n'.repeat(100), { mode: 0o600 });
    const result = await doctor(directory, ['--data', 'd']);
    expect(result.failed).toEqual([expect.stringMatching(/^journal: /)]);
  });

  it('knows which Node is old enough', () => {
    expect(['20.18.9', '18.20.0', '20.19.0', '22.0.0', '24.1.0'].map((text) => checkNode(text).level)).toEqual(['fail', 'fail', 'ok', 'ok', 'ok']);
  });

  it('looks for programs as a start without a shell does', () => {
    const directory = temporary({ prog: '#!/bin/sh\n', data: 'x' });
    chmodSync(join(directory, 'prog'), 0o755);
    expect(findProgram('prog', null, `/nowhere:${directory}`)).toBe(join(directory, 'prog'));
    expect(findProgram('data', null, directory)).toBeNull();
    expect(findProgram('prog', null, '/nowhere')).toBeNull();
    expect(findProgram('./prog', directory, '')).toBe(join(directory, 'prog'));
  });
});

describe('status', () => {
  it('says that nothing runs, in a directory where nothing was ever started', async () => {
    const { status, stdout } = await policylayer(['status', '--json'], { cwd: temporary() });
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ gateway: { running: false, reason: 'no gateway has been started with this data directory' }, journal: { rows: 0, lastHour: {} } });
  });

  it('reads where the data is from a configuration whose variables are not set', async () => {
    const directory = temporary({ 'gateway.yaml': 'listen: 127.0.0.1:1\ndata: elsewhere\nservers: { s: { url: "https://${NOPE}/" } }\n' });
    const { stdout } = await policylayer(['status', '--json'], { cwd: directory });
    expect(JSON.parse(stdout)).toMatchObject({ dataDir: join(directory, 'elsewhere'), gateway: { url: 'http://127.0.0.1:1', running: false } });
  });

  it('does not believe a run file that somebody else could have written', async () => {
    const directory = temporary();
    const data = join(directory, 'd');
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(join(data, 'gateway.json'), '{"pid":1,"url":"http://127.0.0.1:1"}');
    chmodSync(join(data, 'gateway.json'), 0o666);
    const { stdout } = await policylayer(['status', '--json', '--data', 'd'], { cwd: directory });
    expect(JSON.parse(stdout).gateway.url).toBeNull();
  });
});
