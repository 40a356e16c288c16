import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { serverRecordText, type ServerRecord } from '../../src/catalogue/server-record.ts';
import { Catalogue } from '../../src/catalogue/pages/index.ts';
import { pageScript } from '../../src/cli/catalogue/load-records.ts';
import { CatalogueEndpoint } from '../../src/control/catalogue-http.ts';
import { isCataloguePath } from '../../src/control/catalogue-paths.ts';
import type { GatewayConfig } from '../../src/gateway/config-types.ts';
import { startGateway, type RunningGateway } from '../../src/gateway/serve.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import type { Messages, State } from '../../src/state/types.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../src/wire/limits.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly text: string;
}

/** A gateway without servers that serves a catalogue. */
export class Library {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'policylayer-library-'));
  readonly lines: string[] = [];
  gateway!: RunningGateway;
  state!: State;

  static async open(records: readonly ServerRecord[], messages?: Messages): Promise<Library> {
    const library = new Library();
    const config: GatewayConfig = {
      listen: { host: '127.0.0.1', port: 0 }, dataDir: library.directory, allowHosts: ['gateway.example.com'], allowOrigins: [], servers: new Map(), grants: [],
      approvals: { publicUrl: null, webhook: null, approvers: [] }, journal: { arguments: 'keys', retainDays: null },
      limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 10, sessionIdleMs: 600_000, bodyTimeoutMs: 2_000 },
    };
    library.state = await openState({ path: databasePath(library.directory) });
    const endpoint = new CatalogueEndpoint({ catalogue: new Catalogue(records, pageScript()), messages: messages ?? library.state.messages, baseUrl: 'https://gateway.example.com/catalogue', log: (line) => library.lines.push(line) });
    library.gateway = await startGateway(config, { state: library.state, log: (line) => library.lines.push(line), pages: { owns: isCataloguePath, handle: (head, request, response) => endpoint.handle(head, request, response) } });
    return library;
  }

  get base(): string {
    return `http://127.0.0.1:${this.gateway.address.port}`;
  }

  send(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({ host: '127.0.0.1', port: this.gateway.address.port, method, path, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const all = Buffer.concat(chunks);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: all, text: all.toString('utf8') });
        });
        response.on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  post(fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('POST', '/catalogue/contact', { 'content-type': 'application/x-www-form-urlencoded', ...headers }, new URLSearchParams(fields).toString());
  }

  async close(): Promise<void> {
    await this.gateway.close(100);
    await this.state.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A directory with records as `catalogue:scan` leaves them. */
export function recordDirectory(records: readonly ServerRecord[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-records-'));
  mkdirSync(directory, { recursive: true });
  for (const record of records) writeFileSync(join(directory, `${record.slug}@${record.package.version}.json`), serverRecordText(record));
  return directory;
}

/** Every file below a directory, by its path with slashes. */
export function filesBelow(directory: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    if (statSync(join(directory, name)).isFile()) files.set(name.replaceAll('\\', '/'), readFileSync(join(directory, name)));
  }
  return files;
}

const TYPES: Readonly<Record<string, string>> = { html: 'text/html; charset=utf-8', json: 'application/json', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };

/** The plainest web server: a file for a path, and nothing else. */
export function serveFiles(directory: string): Promise<{ readonly base: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname));
    try {
      const content = readFileSync(join(directory, path));
      response.writeHead(200, { 'content-type': TYPES[path.split('.').at(-1) ?? ''] ?? 'text/plain' });
      response.end(content);
    } catch {
      response.writeHead(404);
      response.end();
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server })));
}

/** SHA-256 of every file, by path. */
export function hashesBelow(directory: string): Record<string, string> {
  return Object.fromEntries([...filesBelow(directory)].map(([name, content]) => [name, createHash('sha256').update(content).digest('hex')]));
}
