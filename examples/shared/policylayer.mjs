// PolicyLayer as its users start it: the program of this repository or package.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { patiently, Trouble } from './stage.mjs';

const PROGRAM = fileURLToPath(new URL('../../dist/bin.mjs', import.meta.url));

/** @throws Trouble when it was not built */
export function findProgram() {
  if (!existsSync(PROGRAM)) throw new Trouble('dist/bin.mjs is missing: run `npm ci` in the repository first');
  return PROGRAM;
}

/** Of several lines the one that says what is wrong. */
function firstError(text) {
  const lines = text.trim().split('\n');
  return lines.find((line) => line.includes('error')) ?? lines.at(-1);
}

/** Runs a command of the program. @returns what it printed */
export async function operate(args) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const status = await new Promise((done) => child.once('close', done));
  if (status !== 0) throw new Trouble(`policylayer ${args[0]} ended with ${status}: ${firstError(err)}`);
  return out;
}

/** Starts the gateway. @returns its URL */
export async function serve(stage, config, env) {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--json', '--config', config, '--listen', '127.0.0.1:0', '--data', stage.path('data')], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const ended = new Promise((done) => child.once('close', done));
  stage.atEnd(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const line = await patiently('the gateway', () => new Promise((done, failed) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) done(text.slice(0, text.indexOf('\n')));
    });
    child.once('close', () => failed(new Trouble(`policylayer serve did not start: ${firstError(said)}`)));
  }));
  return { url: JSON.parse(line).url, said: () => said };
}
