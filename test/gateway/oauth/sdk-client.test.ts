import { fileURLToPath } from 'node:url';
import { UnauthorizedError, type OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthClientInformationFull, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerConfig } from '../../../src/gateway/config-types.ts';
import { HttpHarness } from '../http-harness.ts';
import { policySet } from '../run-harness.ts';
import { startAuthorizationServer, type AuthorizationServer } from './authorization-server.ts';
import { uriOf, withIssuer } from './support.ts';

const REAL = fileURLToPath(new URL('real-server.mjs', import.meta.url));
const POLICY = `version: "1"
default: deny
tools:
  read_ticket: allow
  close_ticket: { require: 'user.sub == "bob"' }
`;

/** What a desktop client keeps: nothing of this gateway but its URL. */
class Keychain implements OAuthClientProvider {
  readonly redirectUrl = 'http://127.0.0.1:9/callback';
  asked: URL | null = null;
  registrations = 0;
  held: OAuthTokens | undefined;
  #client: OAuthClientInformationFull | undefined;
  #verifier = '';

  get clientMetadata() {
    return { client_name: 'test client', redirect_uris: [this.redirectUrl], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'none', application_type: 'native' };
  }
  clientInformation(): OAuthClientInformationFull | undefined {
    return this.#client;
  }
  saveClientInformation(client: OAuthClientInformationFull): void {
    this.registrations += 1;
    this.#client = client;
  }
  tokens(): OAuthTokens | undefined {
    return this.held;
  }
  saveTokens(tokens: OAuthTokens): void {
    this.held = tokens;
  }
  redirectToAuthorization(url: URL): void {
    this.asked = url;
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }
  codeVerifier(): string {
    return this.#verifier;
  }
}

let harness: HttpHarness | null = null;
let issuer: AuthorizationServer | null = null;
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await harness?.close();
  await issuer?.close();
  harness = null;
  issuer = null;
});

async function start(seconds: number): Promise<{ harness: HttpHarness; issuer: AuthorizationServer }> {
  issuer = await startAuthorizationServer(seconds, 'tickets:use');
  harness = await HttpHarness.start(await policySet(POLICY));
  await harness.reconfigure((config) => {
    const stdio = config.servers.get('stdio');
    if (stdio === undefined) throw new Error('no server');
    const tickets: ServerConfig = { ...stdio, name: 'tickets', upstream: { kind: 'command', spec: { command: [process.execPath, REAL], env: {}, cwd: null, inheritEnv: false } } };
    return { ...config, servers: new Map([...config.servers, ['tickets', tickets]]) };
  });
  const rules = { issuer: issuer.url, jwksUri: null, audience: null, algorithms: ['RS256'] as const, scopes: ['tickets:use'], clockSkewMs: 0, maxTokenAgeMs: 3_600_000 };
  await withIssuer(harness, { publicUrl: null, issuers: new Map([[issuer.url, rules]]) }, [
    { label: 'alice', server: 'tickets', claims: { sub: 'alice' } },
    { label: 'bob', server: 'tickets', claims: { sub: 'bob' } },
  ]);
  return { harness, issuer };
}

/** The whole dance, beginning with the URL of the server alone. */
async function connect(login: string, keychain = new Keychain()): Promise<{ client: Client; keychain: Keychain; transport: StreamableHTTPClientTransport }> {
  if (harness === null || issuer === null) throw new Error('not started');
  const url = new URL(uriOf(harness, 'tickets'));
  const first = new StreamableHTTPClientTransport(url, { authProvider: keychain });
  const begin = new Client({ name: 'test', version: '1' });
  await expect(begin.connect(first as Transport)).rejects.toBeInstanceOf(UnauthorizedError);
  const asked = keychain.asked;
  if (asked === null) throw new Error('nobody was asked');
  const back = await issuer.agree(asked, login);
  await first.finishAuth(back.searchParams.get('code') ?? '');
  const transport = new StreamableHTTPClientTransport(url, { authProvider: keychain });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  clients.push(client);
  return { client, keychain, transport };
}

const textOf = (result: unknown): string => JSON.stringify(result);

describe('the client of the official SDK against a real authorization server', () => {
  test('[O1, O3] it finds the issuer, registers, signs in with PKCE and a resource, and calls tools as the grant of the person', async () => {
    const { harness: gateway } = await start(300);
    const { client, keychain } = await connect('alice');
    expect(keychain.registrations).toBe(1);
    expect(keychain.asked?.searchParams.get('resource')).toBe(uriOf(gateway, 'tickets'));
    expect(keychain.asked?.searchParams.get('code_challenge_method')).toBe('S256');
    expect(keychain.asked?.searchParams.get('scope')).toContain('tickets:use');
    expect(decodeJwt(keychain.held?.access_token ?? '').aud).toBe(uriOf(gateway, 'tickets'));
    expect((await client.listTools()).tools.map((tool) => tool.name).toSorted()).toEqual(['close_ticket', 'read_ticket']);
    expect(textOf(await client.callTool({ name: 'read_ticket', arguments: {} }))).toContain('the printer is on fire');
    // The claims of the token are what conditions see.
    expect(textOf(await client.callTool({ name: 'close_ticket', arguments: {} }))).toContain('condition_failed');
    const rows = await gateway.rows();
    expect(rows.filter((row) => row.name === 'read_ticket').map((row) => row.grant)).toEqual(['alice']);
  });

  test('[O1] another person is another grant, with other rights, and has no way into the session of the first', async () => {
    const { harness: gateway } = await start(300);
    const alice = await connect('alice');
    const bob = await connect('bob');
    expect(textOf(await bob.client.callTool({ name: 'close_ticket', arguments: {} }))).toContain('closed');
    const stolen = await gateway.send({
      path: '/mcp/tickets', body: JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/list' }),
      headers: { authorization: `Bearer ${bob.keychain.held?.access_token ?? ''}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-session-id': alice.transport.sessionId ?? '' },
    });
    expect(stolen.status).toBe(404);
  });

  test('[O1] a person without a grant signs in and still gets nothing', async () => {
    await start(300);
    await expect(connect('mallory')).rejects.toThrow(/Unauthorized|401/);
  });

  test('[O1] a token that ends in an open session is refused with the next request; the client renews it and goes on', async () => {
    const { harness: gateway } = await start(3);
    const { client, keychain, transport } = await connect('alice');
    const first = keychain.held?.access_token ?? '';
    const headers = { authorization: `Bearer ${first}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-session-id': transport.sessionId ?? '' };
    const list = (id: number): ReturnType<typeof gateway.send> => gateway.send({ path: '/mcp/tickets', headers, body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/list' }) });
    expect((await list(100)).status).toBe(200);
    await expect.poll(async () => (await list(101)).status, { timeout: 10_000, interval: 200 }).toBe(401);
    expect(textOf(await client.callTool({ name: 'read_ticket', arguments: {} }))).toContain('the printer is on fire');
    expect(keychain.held?.access_token).not.toBe(first);
    expect(keychain.registrations).toBe(1);
  });
});
