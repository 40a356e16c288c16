import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Output, program } from '../support.ts';
import { machine, snapshot, type Machine } from './support.ts';

const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;
if (!hasScript) process.stderr.write('init: `script` (util-linux) is not there, so nothing offers a terminal; the tests of prompts are skipped\n');

interface Answer {
  readonly after: RegExp;
  readonly type: string;
}

/** Runs `init` on a terminal of 80 columns and types an answer whenever it asks. */
async function onTerminal(on: Machine, answers: readonly Answer[], ...flags: readonly string[]): Promise<{ status: number | null; text: string }> {
  const command = ['stty cols 80;', process.execPath, program, 'init', ...flags].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: on.project, env: { PATH: process.env['PATH'] ?? '', TERM: 'dumb', ...on.env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const output = new Output(child.stdout);
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  let from = 0;
  for (const { after, type } of answers) {
    const found = await output.match(after, from, 25_000);
    from += found.index + found[0].length;
    child.stdin.write(type);
  }
  const status = await ended;
  child.stdin.end();
  return { status, text: output.text.replaceAll('\r', '') };
}

/** Two servers of Cursor: one that works, and one that leaves a file behind when it is started. */
function withTwo(): { on: Machine; file: string; marker: string } {
  const on = machine();
  const marker = join(on.root, 'was-started');
  const file = join(on.home, '.cursor/mcp.json');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, JSON.stringify({ mcpServers: { works: { command: process.execPath, args: [join(on.root, 'demo-server.mjs')] }, marks: { command: 'touch', args: [marker] } } }, null, 2));
  return { on, file, marker };
}

const WHICH = /Which of these[^\n]*/;
const START = /Start them\? \[y\/N\] /;
const CHANGE = /Change them\? [^\n]*\] /;
const FLAGS = ['--client', 'cursor', '--config'];

describe.skipIf(!hasScript)('init on a terminal', () => {
  it('asks which, asks before it starts, shows classes and differences, asks before it writes', async () => {
    const { on, file, marker } = withTwo();
    const { status, text } = await onTerminal(on, [{ after: WHICH, type: '7\r' }, { after: /Type all, none, or numbers from 1 to 2/, type: '' }, { after: WHICH, type: '1\r' }, { after: START, type: 'y\r' }, { after: CHANGE, type: 'd\r' }, { after: CHANGE, type: 'y\r' }], ...FLAGS, file);
    expect(status).toBe(0);
    expect(text).toContain('works  5 tools: 2 read, 2 write, 1 destructive');
    expect(text).toMatch(/^\+ {8}"--policy",$/m);
    expect(text).toContain('One server runs through PolicyLayer now.');
    expect(existsSync(marker)).toBe(false);
    const { mcpServers } = JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: Record<string, { args: string[] }> };
    expect(mcpServers['works']?.args).toContain('--policy');
    expect(mcpServers['marks']?.args).not.toContain('--policy');
  });

  it.each([
    ['none of them', [{ after: WHICH, type: 'none\r' }]],
    ['Ctrl-C', [{ after: WHICH, type: '\u0003' }]],
    ['the end of the input', [{ after: WHICH, type: '\u0004' }]],
    ['yes to the start and nothing to the change', [{ after: WHICH, type: '1\r' }, { after: START, type: 'y\r' }, { after: CHANGE, type: '\r' }]],
  ] as const)('%s: nothing is changed', async (_title, answers) => {
    const { on, file } = withTwo();
    const before = snapshot(on.root);
    await onTerminal(on, answers, ...FLAGS, file);
    expect(snapshot(on.root)).toEqual(before);
  });

  it('no to the start: nothing is started, and the policies deny everything', async () => {
    const { on, file, marker } = withTwo();
    const { status } = await onTerminal(on, [{ after: WHICH, type: '\r' }, { after: START, type: 'n\r' }, { after: CHANGE, type: 'y\r' }], ...FLAGS, file);
    expect(status).toBe(0);
    expect(existsSync(marker)).toBe(false);
    expect(readFileSync(join(on.data, 'policies/works.policy.yaml'), 'utf8')).toContain('tools: {}');
  });

  it('a server that cannot be scanned is wrapped on request only', async () => {
    const { on, file, marker } = withTwo();
    const { status } = await onTerminal(on, [{ after: WHICH, type: '2\r' }, { after: START, type: 'y\r' }, { after: /denied until you edit its policy\?[^\n]*/, type: 'y\r' }, { after: CHANGE, type: 'y\r' }], ...FLAGS, file);
    expect(status).toBe(0);
    expect(statSync(marker).isFile()).toBe(true);
    expect(readFileSync(file, 'utf8')).toContain('marks.policy.yaml');
  });

  it('no line of the list is wider than the terminal', async () => {
    const { text } = await onTerminal(machine('http://127.0.0.1:9/mcp'), [{ after: WHICH, type: 'none\r' }]);
    const lines = text.split('\n').filter((line) => /^ {1,4}[\d-]/.test(line));
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(80);
  });
});
