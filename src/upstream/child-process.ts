import { type ChildProcess, spawn } from 'node:child_process';
import { LineSplitter } from '../wire/lines.ts';
import { UPSTREAM_LIMITS } from '../wire/limits.ts';
import { childEnvironment } from './base-environment.ts';
import type { ChildExit } from './failure.ts';
import { oneLine } from './one-line.ts';
import { orphanGuard } from './orphan-guard.ts';
import { endGroup } from './process-group.ts';
import { StderrTail } from './stderr-tail.ts';
import type { CommandSpec } from './types.ts';

export interface ChildHandlers {
  /** One line of stdout, without its line ending. */
  line(bytes: Buffer): void;
  /** A line over the bound was thrown away. */
  overflow(droppedBytes: number): void;
  /** stderr exactly as written (protocol.md D2). */
  stderr(chunk: Buffer): void;
  /** stdin takes more again. */
  drain(): void;
  /** The child is gone and all it wrote has been delivered. Called once. */
  exit(exit: ChildExit): void;
}

export interface ChildOptions {
  /** Longest line of stdout, in bytes. */
  readonly maxLineBytes?: number;
  /** Milliseconds between the end of stdin and SIGTERM. */
  readonly stdinGraceMs?: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly termGraceMs?: number;
}

const LF = 0x0a;
/** Up to here a copy is cheaper than a second write. */
const COPY_BYTES = 64 * 1024;
/** How long a pipe may stay silent after the child's death before it is taken away from whoever escaped with it. */
const SILENT_PIPE_MS = 250;
/** How long whoever escaped may go on writing to it. */
const LAST_WORDS_MS = 5_000;

/**
 * A supervised child: started without a shell in a process group of its own, with three pipes and an explicit environment; ended with
 * its whole group (protocol.md D3, D4).
 */
export class SupervisedChild {
  readonly stderr: StderrTail;
  readonly #handlers: ChildHandlers;
  readonly #stdinGraceMs: number;
  readonly #termGraceMs: number;
  #child: ChildProcess | null = null;
  #status: ChildExit | null = null;
  #finished = false;
  #reads = 0;
  #groupEnd: Promise<void> | null = null;
  #groupGone = false;
  #closing: Promise<void> | null = null;
  readonly #gone: Promise<void>;
  #resolveGone: () => void = () => undefined;

  constructor(spec: CommandSpec, handlers: ChildHandlers, options: ChildOptions = {}) {
    this.#handlers = handlers;
    this.#stdinGraceMs = options.stdinGraceMs ?? 2_000;
    this.#termGraceMs = options.termGraceMs ?? 2_000;
    this.stderr = new StderrTail(Object.values(spec.env));
    this.#gone = new Promise((resolve) => { this.#resolveGone = resolve; });
    this.#spawn(spec, options.maxLineBytes ?? UPSTREAM_LIMITS.maxBytes);
  }

  /** Process id, which is also the id of the group; null when the child could not be started. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** False once the child is known to have ended or to have never run. */
  get alive(): boolean {
    return this.#status === null;
  }

  /** Writes one JSON text as one line. @returns false when the caller should wait for `drain` */
  write(text: Buffer): boolean {
    const bytes = oneLine(text);
    const stdin = this.#child?.stdin;
    if (stdin === null || stdin === undefined || !stdin.writable) return true;
    if (bytes.length > COPY_BYTES) {
      stdin.cork();
      stdin.write(bytes);
      const more = stdin.write('\n');
      stdin.uncork();
      return more;
    }
    const line = Buffer.allocUnsafe(bytes.length + 1);
    bytes.copy(line);
    line[bytes.length] = LF;
    return stdin.write(line);
  }

  /** Stops reading stdout. Without effect after the child's death: what is left then is bounded by the pipe, and is delivered. */
  pause(): void {
    if (this.#status === null) this.#child?.stdout?.pause();
  }

  resume(): void {
    this.#child?.stdout?.resume();
  }

  /**
   * Ends the child: its stdin, then SIGTERM, then SIGKILL of the group. What it still answers meanwhile is delivered. Resolves when
   * nobody of the group is left and `exit` has been called.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const child = this.#child;
    const pid = child?.pid;
    if (child === null || pid === undefined) return this.#gone;
    child.stdin?.end();
    if (!(await this.#exitedWithin(this.#stdinGraceMs))) await this.#endGroup(pid);
    await this.#groupEnd;
    return this.#gone;
  }

  #spawn(spec: CommandSpec, maxLineBytes: number): void {
    const [command, ...args] = spec.command;
    let child: ChildProcess;
    try {
      child = spawn(command, args, {
        cwd: spec.cwd ?? undefined,
        env: childEnvironment(spec),
        stdio: ['pipe', 'pipe', 'pipe'],
        shell: false,
        windowsHide: true,
        // On POSIX a new session, hence a group of its own; on Windows it would open a console window.
        detached: process.platform !== 'win32',
      });
    } catch (error) {
      queueMicrotask(() => this.#neverRan(error as NodeJS.ErrnoException));
      return;
    }
    this.#child = child;
    // EPIPE: the server closed its stdin. It can never be asked again.
    child.stdin?.on('error', () => void this.close());
    child.stdout?.on('error', () => undefined);
    child.stderr?.on('error', () => undefined);
    child.on('error', (error) => {
      if (child.pid === undefined) this.#neverRan(error);
    });
    if (child.pid === undefined) return;
    orphanGuard.watch(child.pid);
    child.on('exit', (code, signal) => this.#exited(child, { code, signal, error: null }));
    child.on('close', () => this.#finish());

    const lines = new LineSplitter(maxLineBytes, {
      line: (bytes) => this.#handlers.line(bytes),
      overflow: (dropped) => this.#handlers.overflow(dropped),
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#reads += 1;
      lines.push(chunk);
    });
    child.stdout?.on('end', () => {
      lines.end();
      // A server that closed its stdout can never answer again.
      void this.close();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#reads += 1;
      this.stderr.push(chunk);
      this.#handlers.stderr(chunk);
    });
    child.stdin?.on('drain', () => this.#handlers.drain());
  }

  #neverRan(error: NodeJS.ErrnoException): void {
    this.#status = { code: null, signal: null, error };
    this.#finish();
  }

  #exited(child: ChildProcess, status: ChildExit): void {
    this.#status = status;
    child.stdin?.destroy();
    this.resume();
    if (child.pid !== undefined) void this.#endGroup(child.pid);
    this.#releasePipes(child, this.#reads, performance.now() + LAST_WORDS_MS);
  }

  /** A daemon that left the group may hold the pipes open, even write to them, for ever: they are closed from our side then. */
  #releasePipes(child: ChildProcess, readsBefore: number, deadline: number): void {
    setTimeout(() => {
      if (this.#finished) return;
      if (!this.#groupGone || (this.#reads !== readsBefore && performance.now() < deadline)) {
        this.#releasePipes(child, this.#reads, deadline);
        return;
      }
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, SILENT_PIPE_MS);
  }

  /** Once per child, so that nobody gets SIGTERM twice: some servers take the second for an order to stop at once. */
  #endGroup(pid: number): Promise<void> {
    this.#groupEnd ??= endGroup(pid, this.#termGraceMs).then(() => {
      orphanGuard.forget(pid);
      this.#groupGone = true;
    });
    return this.#groupEnd;
  }

  #exitedWithin(timeoutMs: number): Promise<boolean> {
    const child = this.#child;
    if (child === null || this.#status !== null) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        child.off('exit', exited);
        resolve(false);
      }, timeoutMs);
      const exited = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      child.once('exit', exited);
    });
  }

  #finish(): void {
    if (this.#finished || this.#status === null) return;
    this.#finished = true;
    this.#handlers.exit(this.#status);
    this.#resolveGone();
  }
}
