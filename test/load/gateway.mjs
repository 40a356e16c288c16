/** The real `policylayer serve`, started, killed and ended by the load harness. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

const repository = fileURLToPath(new URL('../..', import.meta.url));
export const PROGRAM = process.env.POLICYLAYER_BIN ?? join(repository, 'dist/bin.mjs');

export class GatewayProcess {
  /** @param {string} directory with gateway.yaml @param {{ nodeArgs?: string[], env?: Record<string, string> }} options */
  constructor(directory, { nodeArgs = [], env = {} } = {}) {
    this.directory = directory;
    this.nodeArgs = nodeArgs;
    this.env = env;
    this.stderr = '';
    this.child = null;
    this.started = null;
  }

  async start() {
    const child = spawn(process.execPath, [...this.nodeArgs, PROGRAM, 'serve', '--json'], { cwd: this.directory, env: { ...process.env, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    child.stderr.on('data', (chunk) => (this.stderr = (this.stderr + chunk).slice(-100_000)));
    let text = '';
    const line = await new Promise((resolve, reject) => {
      child.stdout.on('data', (chunk) => {
        text += chunk;
        if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
      });
      child.once('exit', (code, signal) => reject(new Error(`the gateway ended while it started (${code ?? signal}): ${this.stderr.slice(-2000)}`)));
    });
    this.started = JSON.parse(line);
    return this.started;
  }

  /** kill -9. */
  async kill() {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the gateway had ended by itself (${child.exitCode ?? child.signalCode}): ${this.stderr.slice(-2000)}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** SIGTERM. @returns the exit status */
  async stop() {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode;
    const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
    child.kill('SIGTERM');
    const late = sleep(30_000, 'late', { ref: false });
    const status = await Promise.race([ended, late]);
    if (status === 'late') child.kill('SIGKILL');
    return status;
  }

  /** Runs another command of the program on the same data. */
  async command(args) {
    const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: this.directory, env: { ...process.env, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const [code] = await once(child, 'exit');
    return { code, output: output.slice(-4000) };
  }
}
