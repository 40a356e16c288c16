import { accessSync, constants, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { GatewayConfig } from '../../gateway/config-types.ts';
import { formatAddress } from '../config/listen-address.ts';
import { isLoopback } from '../../gateway/checks/loopback.ts';
import { askHealth } from '../health.ts';
import { readRunFile } from '../run-file.ts';
import { fail, ok, warn, type Check } from './checks.ts';

/** Whether the command of each server can be found. Nothing is started. */
export function checkCommands(config: GatewayConfig): Check[] {
  const checks: Check[] = [];
  for (const server of config.servers.values()) {
    if (server.upstream.kind !== 'command') continue;
    const { command, cwd, env } = server.upstream.spec;
    const [program] = command;
    const found = findProgram(program, cwd, env['PATH'] ?? process.env['PATH'] ?? '');
    const name = `server ${server.name}`;
    checks.push(found === null ? fail('command', `${name}: ${program} is not found on PATH`, 'install it, or write its whole path') : ok('command', `${name}: ${found}`));
    if (cwd !== null && statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) checks.push(fail('command', `${name}: the working directory ${cwd} does not exist`));
  }
  return checks;
}

/** Where a program is that is started without a shell; null when nowhere. */
export function findProgram(program: string, cwd: string | null, path: string): string | null {
  const endings = process.platform === 'win32' ? ['', '.exe', '.com'] : [''];
  const places = program.includes('/') || isAbsolute(program) ? [resolve(cwd ?? '.', program)] : path.split(delimiter).filter((each) => each !== '').map((each) => join(each, program));
  for (const place of places) {
    for (const ending of endings) {
      try {
        if (!statSync(place + ending).isFile()) continue;
        accessSync(place + ending, constants.X_OK);
        return place + ending;
      } catch {
        continue;
      }
    }
  }
  return null;
}

/** Whether the address is free, or taken by the gateway of this data directory. */
export async function checkPort(config: GatewayConfig, dataDir: string): Promise<Check> {
  const address = formatAddress(config.listen);
  const problem = await tryListen(config.listen.host, config.listen.port);
  if (problem === null) {
    if (isLoopback(config.listen.host)) return ok('listen', `${address} is free`);
    return warn('listen', `${address} is free, and other machines can reach it`, 'put TLS in front, and start with --insecure-listen');
  }
  const running = readRunFile(dataDir);
  if (problem === 'EADDRINUSE' && running !== null && (await askHealth(running.url)).ok) return ok('listen', `${address} is in use by the running gateway (pid ${running.pid})`);
  if (problem === 'EADDRINUSE') return fail('listen', `${address} is in use by another program`, 'stop it, or choose another port with --listen');
  return fail('listen', `${address} cannot be used (${problem})`, 'choose another address');
}

function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown error'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
