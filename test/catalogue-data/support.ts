import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';

export const repository = resolve(import.meta.dirname, '../..');

const directories: string[] = [];

afterAll(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

export function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-catalogue-'));
  directories.push(directory);
  return directory;
}

/**
 * The text of a stdio server: `on(message, send)` is its body, in CommonJS.
 * @param body answers everything but `initialize`
 */
export function serverText(body: string, initialize = "send({ jsonrpc: '2.0', id: message.id, result: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'fixture', version: '1' } } })"): string {
  return `#!/usr/bin/env node
const send = (m) => process.stdout.write(JSON.stringify(m) + '\\n');
const tools = (list, more) => (message) => send({ jsonrpc: '2.0', id: message.id, result: { tools: list, ...more } });
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  const message = JSON.parse(line);
  if (message.method === 'initialize') { ${initialize}; }
  ${body}
});
`;
}

/** Puts a package with one executable into a folder, and returns its entry of a list. */
export function fixture(root: string, name: string, text: string, more = ''): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', bin: 'server.cjs' }));
  writeFileSync(join(folder, 'server.cjs'), text, { mode: 0o755 });
  return `  - { registry: npm, name: ${name}, folder: ${folder}${more} }\n`;
}

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function startScan(args: readonly string[], env: Readonly<Record<string, string>> = {}): { readonly child: ChildProcess; readonly finished: Promise<Finished> } {
  const child = spawn(process.execPath, [join(repository, 'scripts/catalogue/scan.mjs'), ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
  return { child, finished: new Promise((done) => child.on('close', (status) => done({ status, ...output }))) };
}

/** Runs scripts/catalogue/scan.mjs to its end. */
export function catalogueScan(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return startScan(args, env).finished;
}
