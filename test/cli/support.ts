import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach } from 'vitest';

export const repository = resolve(import.meta.dirname, '../..');
/** The built program, or another build of it that is to be tested. */
export const program = process.env['POLICYLAYER_BIN'] ?? join(repository, 'dist/bin.mjs');
export const demoServer = join(repository, 'examples/demo/server.mjs');

const directories: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await new Promise((done) => child.once('exit', done));
  }
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A directory of this test, removed after it. */
export function temporary(files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-cli-'));
  directories.push(directory);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the built program in an environment of its own, with state below `cwd`. */
export function start(args: readonly string[], options: StartOptions = {}): ChildProcess {
  const cwd = options.cwd ?? temporary();
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, XDG_STATE_HOME: join(cwd, 'state'), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

/** Runs the program to its end. @param input what it reads from stdin */
export async function policylayer(args: readonly string[], options: StartOptions & { readonly input?: string } = {}): Promise<Finished> {
  const child = start(args, options);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  const status = await new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  return { status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** Everything a stream wrote so far, and a way to wait for more. */
export class Output {
  text = '';
  readonly #waiting = new Set<() => void>();

  constructor(stream: NodeJS.ReadableStream | null) {
    stream?.on('data', (chunk: Buffer) => {
      this.text += chunk.toString();
      for (const look of this.#waiting) look();
    });
  }

  /** Resolves with the first match of text that was written after `from`. */
  async match(pattern: RegExp, from = 0, timeoutMs = 15_000): Promise<RegExpExecArray> {
    return new Promise((done, failed) => {
      const look = (): void => {
        const found = pattern.exec(this.text.slice(from));
        if (found === null) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        done(found);
      };
      const timer = setTimeout(() => failed(new Error(`${String(pattern)} was not written; so far: ${this.text}`)), timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }
}

export interface Rpc {
  readonly id?: number;
  readonly method?: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers of any shape, looked into by tests
  readonly result?: any;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A client on the stdio of `policylayer run`. */
export class StdioClient {
  readonly child: ChildProcess;
  readonly stderr: Output;
  readonly notifications: string[] = [];
  readonly #waiting = new Map<number, (message: Rpc) => void>();
  #nextId = 1;

  constructor(child: ChildProcess) {
    this.child = child;
    this.stderr = new Output(child.stderr);
    child.stdin?.on('error', () => undefined);
    child.once('close', () => {
      for (const settle of this.#waiting.values()) settle({ error: { code: 0, message: `the program ended: ${this.stderr.text}` } });
    });
    if (child.stdout === null) throw new Error('no stdout');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as Rpc;
      if (message.method !== undefined) this.notifications.push(message.method);
      else if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
    });
  }

  /** Resolves when this notification has come. */
  async notified(method: string, timeoutMs = 15_000): Promise<void> {
    for (const deadline = Date.now() + timeoutMs; !this.notifications.includes(method); ) {
      if (Date.now() > deadline) throw new Error(`${method} did not come; so far: ${this.notifications.join(', ')}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  request(method: string, params: object = {}): Promise<Rpc> {
    const id = this.#nextId++;
    return new Promise((done) => {
      this.#waiting.set(id, (message) => {
        this.#waiting.delete(id);
        done(message);
      });
      this.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  }

  async initialize(): Promise<Rpc> {
    const answer = await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } });
    this.child.stdin?.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return answer;
  }

  call(name: string, args: object = {}): Promise<Rpc> {
    return this.request('tools/call', { name, arguments: args });
  }

  /** Closes stdin and waits for the end. */
  async end(): Promise<number | null> {
    this.child.stdin?.end();
    if (this.child.exitCode !== null) return this.child.exitCode;
    return new Promise((done) => this.child.once('close', (code) => done(code)));
  }
}

/** The refusal code of a tool result, or null. */
export function codeOf(answer: Rpc): string | null {
  return answer.result?._meta?.['policylayer/decision']?.code ?? null;
}
