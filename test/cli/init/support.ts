import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { demoServer, policylayer, temporary, type Finished } from '../support.ts';

const fixtures = join(import.meta.dirname, 'fixtures');

/** A machine of its own: a home with the configurations of all eight clients, a project, and a place for state. */
export interface Machine {
  readonly root: string;
  readonly home: string;
  readonly project: string;
  readonly data: string;
  readonly env: Readonly<Record<string, string>>;
}

/** @param url of the server over HTTP that the fixtures name */
export function machine(url = 'http://127.0.0.1:9/mcp', files: 'all' | 'none' = 'all'): Machine {
  const root = realpathSync(temporary());
  const home = join(root, 'home');
  const project = join(root, 'project');
  if (files === 'all') cpSync(fixtures, root, { recursive: true });
  else for (const directory of [home, project]) mkdirSync(directory);
  const server = join(root, 'demo-server.mjs');
  writeFileSync(server, `#!${process.execPath}\nawait import(${JSON.stringify(demoServer)});\n`);
  chmodSync(server, 0o755);
  for (const path of filesBelow(root)) {
    if (path === server) continue;
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('@NODE@', process.execPath).replaceAll('@SERVER@', server).replaceAll('@URL@', url).replaceAll('@PROJECT@', project));
    // Neither the mode nor the time of a new file.
    chmodSync(path, 0o640);
    utimesSync(path, 1_700_000_000, 1_700_000_123);
  }
  const data = join(root, 'state', 'policylayer');
  return { root, home, project, data, env: { HOME: home, XDG_STATE_HOME: join(root, 'state'), FIXTURE_TOKEN: 'fixture-secret-variable' } };
}

export const init = (on: Machine, ...args: readonly string[]): Promise<Finished> => policylayer(['init', ...args], { cwd: on.project, env: on.env });

export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Everything that can be known of the files below a directory: names, bytes, modes, times, links. */
export function snapshot(...directories: readonly string[]): Record<string, string> {
  return Object.fromEntries(directories.flatMap(filesBelow).map((path) => {
    if (lstatSync(path).isSymbolicLink()) return [path, `link to ${readlinkSync(path)}`];
    const { mode, mtimeMs, uid, gid } = statSync(path);
    return [path, `${mode.toString(8)} ${uid}:${gid} ${mtimeMs} ${readFileSync(path).toString('base64')}`];
  }));
}

/** A server over Streamable HTTP with two tools; it answers only to who shows one of the tokens of the fixtures. */
export async function httpServer(): Promise<{ readonly url: string; readonly seen: readonly string[]; close(): void }> {
  const seen: string[] = [];
  const tools = [
    { name: 'get_ticket', description: 'Returns one ticket.', inputSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } },
    { name: 'delete_project', description: 'Deletes a project for good.', inputSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } },
  ];
  const server: Server = createServer((request, response) => {
    const credential = `${request.headers.authorization ?? ''}${String(request.headers['x-api-key'] ?? '')}`;
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (!credential.includes('fixture-secret-')) return void response.writeHead(401, { 'WWW-Authenticate': 'Bearer resource_metadata="https://auth.example/"' }).end();
      seen.push(`${request.url ?? ''} ${credential} ${String(request.headers['x-extra'] ?? '')}`);
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const message = JSON.parse(body) as { id?: number; method: string; params?: { name?: string; protocolVersion?: string } };
      if (message.id === undefined) return void response.writeHead(202).end();
      const results: Record<string, object> = {
        initialize: { protocolVersion: message.params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'tickets', version: '1' } },
        'tools/list': { tools },
        'tools/call': { content: [{ type: 'text', text: `called ${message.params?.name ?? ''}` }] },
      };
      const result = results[message.method];
      const answer = result === undefined ? { error: { code: -32601, message: 'unknown method' } } : { result };
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, seen, close: () => void server.close() };
}
