// What an example starts and must end again: child processes, a folder for their state, and one line for what went wrong.
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Something that the reader can put right. It is printed as one line, without a stack. */
export class Trouble extends Error {}

/** The folder and the processes of one run. */
export class Stage {
  #children = [];
  #endings = [];
  #closed = false;
  #temporary;

  /** @param {string | undefined} data folder to keep everything in; undefined: a temporary one that disappears at the end */
  constructor(data) {
    this.#temporary = data === undefined;
    this.directory = data === undefined ? mkdtempSync(join(tmpdir(), 'policylayer-example-')) : resolve(data);
    if (existsSync(join(this.directory, 'calls.jsonl'))) throw new Trouble(`${this.directory} holds an earlier run: name another folder with --data, or remove it`);
    // The records have passwords in them.
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    chmodSync(this.directory, 0o700);
  }

  path(name) {
    return join(this.directory, name);
  }

  /** Starts a background program in a process group of its own; what it says goes to NAME.log. */
  start(name, command, args, env) {
    if (this.#closed) throw new Trouble(`${name} is not started: the run has ended`);
    const log = openSync(this.path(`${name}.log`), 'a', 0o600);
    const child = spawn(command, args, { env, cwd: this.directory, detached: process.platform !== 'win32', stdio: ['ignore', log, log] });
    closeSync(log);
    child.once('error', () => undefined);
    this.#children.push({ name, child });
    return child;
  }

  /** Something else to undo; the last is undone first, before the processes are ended. */
  atEnd(ending) {
    if (this.#closed) void ending();
    else this.#endings.push(ending);
  }

  /** The line of a background program that says what is wrong: the first that names an error, else the last. */
  lastWords(name) {
    const text = existsSync(this.path(`${name}.log`)) ? readFileSync(this.path(`${name}.log`), 'utf8') : '';
    const lines = text.trimEnd().split('\n');
    return (lines.find((line) => /^(error:|\s*×)/.test(line)) ?? lines.at(-1))?.trim() || 'it said nothing';
  }

  /** Runs a program to its end, like `start`. @returns its exit status */
  async run(name, command, args, env) {
    const child = this.start(name, command, args, env);
    return await new Promise((done) => {
      child.once('error', () => done(1));
      child.once('exit', done);
    });
  }

  /** Waits until `ready` answers true, and says every five seconds that it still waits. */
  async ready(name, child, ready, seconds = 180) {
    await patiently(name, async () => {
      for (const deadline = Date.now() + seconds * 1_000; Date.now() < deadline; await sleep(250)) {
        if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) throw new Trouble(`${name} ended before it was ready: ${this.lastWords(name)}`);
        if (await ready().catch(() => false)) return;
      }
      throw new Trouble(`${name} was not ready after ${seconds} s: ${this.lastWords(name)}`);
    });
  }

  /** Ends everything, the youngest first, and removes the folder if it is a temporary one. */
  async close() {
    this.#closed = true;
    for (const ending of this.#endings.splice(0).reverse()) await Promise.resolve(ending()).catch(() => undefined);
    for (const { child } of this.#children.splice(0).reverse()) await endGroup(child);
    if (this.#temporary) rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs `work`; while it takes long, a line every five seconds says so. */
export async function patiently(name, work) {
  const started = Date.now();
  const timer = setInterval(() => console.log(`  ... waiting for ${name}, ${Math.round((Date.now() - started) / 1_000)} s`), 5_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** A TCP port of 127.0.0.1 that is free now. */
export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

function signalGroup(child, signal) {
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Asks the program to end, then its whole group, and after ten seconds kills what is left. */
async function endGroup(child) {
  if (child.pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode === null && child.signalCode === null) continue;
    // The program is gone; what it left behind is asked as well, until nothing of the group is there.
    if (process.platform === 'win32' || !signalGroup(child, 'SIGTERM')) return;
  }
  signalGroup(child, 'SIGKILL');
}
