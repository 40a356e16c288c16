import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { databasePath, openStateReader } from '../../src/state/open.ts';
import type { JournalRow } from '../../src/state/types.ts';

export const repository = resolve(import.meta.dirname, '../..');
/** The built program, or another build of it that is to be tested. */
export const program = process.env['POLICYLAYER_BIN'] ?? join(repository, 'dist/bin.mjs');
export const fixture = (name: string): string => join(repository, 'test/fixtures', name);
export const policyFile = (name: string): string => join(repository, 'test/e2e/policies', `${name}.policy.yaml`);

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Gateway {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything that it wrote to stderr so far. */
  readonly stderr: () => string;
  /** Ends it with a signal and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** A directory and the processes of one test file. Every process that it starts has the directory on its command line. */
export class World {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'policylayer-e2e-'));
  readonly env: Record<string, string> = { PATH: process.env['PATH'] ?? '', HOME: this.directory, XDG_STATE_HOME: join(this.directory, 'state') };
  readonly #children: ChildProcess[] = [];

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** Starts a Node program with three pipes. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(process.execPath, args, { cwd: this.directory, env: { ...this.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin?.on('error', () => undefined);
    this.#children.push(child);
    return child;
  }

  /** Runs the program to its end. */
  async policylayer(args: readonly string[], input = ''): Promise<Finished> {
    const child = this.start([program, ...args]);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin?.end(input);
    const status = await new Promise<number | null>((done) => child.once('close', (code) => done(code)));
    return { status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  }

  /** Starts a server that prints its URL. */
  async httpServer(script: string, args: readonly string[]): Promise<string> {
    return (await firstLine(this.start([script, ...args]))).trim();
  }

  /** Starts `serve` with this configuration and waits until it listens. */
  async serve(config: string, data: string): Promise<Gateway> {
    const child = this.start([program, 'serve', '--json', '--config', this.write(`${basename(data)}.gateway.yaml`, config), '--data', data]);
    const stderr: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    const text = (): string => Buffer.concat(stderr).toString();
    const line = await firstLine(child).catch((error: unknown) => {
      throw new Error(`serve did not start: ${text()}`, { cause: error });
    });
    return { url: (JSON.parse(line) as { url: string }).url, child, stderr: text, end: (signal = 'SIGTERM') => end(child, signal) };
  }

  /** The journal as `policylayer logs --json` prints it. */
  async logs(data: string, ...filters: string[]): Promise<JournalRow[]> {
    const { status, stdout, stderr } = await this.policylayer(['logs', '--json', '--data', data, '--limit', '10000', ...filters]);
    if (status !== 0) throw new Error(`logs ended with ${status}: ${stderr}`);
    return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as JournalRow);
  }

  /** Command lines of living processes that were started for this world, by us or by what we started. */
  living(): string[] {
    const found: string[] = [];
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
        if (line.includes(this.directory)) found.push(`${pid}: ${line}`);
      } catch {
        // It ended while we were reading about it.
      }
    }
    return found;
  }

  /** Ends what we started. @returns what outlived that by more than the grace that servers get */
  async close(): Promise<string[]> {
    await Promise.all(this.#children.map((child) => end(child, 'SIGTERM')));
    for (const deadline = performance.now() + 10_000; performance.now() < deadline && this.living().length > 0; ) await sleep(50);
    const left = this.living();
    rmSync(this.directory, { recursive: true, force: true });
    return left;
  }
}

/** Ends a child; one that does not listen within ten seconds is killed. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  child.stdin?.end();
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}

async function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const at = text.indexOf('\n');
      if (at >= 0) done(text.slice(0, at));
    });
    child.once('close', () => failed(new Error('the process ended before it wrote a line')));
  });
}

/** Polls until the value is right; fails with the last value when it never is. */
export async function until<T>(what: string, look: () => T | Promise<T>, right: (value: T) => boolean, timeoutMs = 15_000): Promise<T> {
  for (const deadline = performance.now() + timeoutMs; ; await sleep(25)) {
    const value = await look();
    if (right(value)) return value;
    if (performance.now() > deadline) throw new Error(`never happened: ${what}; last seen: ${JSON.stringify(value)?.slice(0, 2_000)}`);
  }
}

/** Journal rows, read beside the running program. [] while there is no journal yet. */
export async function journal(data: string): Promise<JournalRow[]> {
  const reader = await openStateReader({ path: databasePath(data) }).catch(() => null);
  if (reader === null) return [];
  try {
    return reader.query({ limit: 100_000 });
  } finally {
    reader.close();
  }
}

export interface Executed {
  readonly tool: string;
  readonly args: Readonly<Record<string, string>>;
  readonly pid: number;
  /** Nanoseconds of the machine's monotonic clock. */
  readonly at: number;
}

/** The calls that clone-server executed, in order. */
export function executed(log: string): Executed[] {
  let text = '';
  try {
    text = readFileSync(log, 'utf8');
  } catch {
    // Nothing has been called yet.
  }
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Executed);
}
