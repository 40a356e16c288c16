import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { documentClientId, metadataDocument } from '../../../src/control/oauth/client-metadata.ts';
import { AuthorizationRequests } from '../../../src/control/oauth/grants.ts';
import { createAddressGuard } from '../../../src/upstream/address-guard.ts';
import type { IssuerDocument } from '../../../src/upstream/oauth/authorization-server.ts';

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** An authorization server that answers each registration as told. */
async function registrar(status: number, answer: string, more: Record<string, unknown> = {}): Promise<{ requests: AuthorizationRequests; bodies: string[] }> {
  const bodies: string[] = [];
  const started = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
    });
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  const document: IssuerDocument = { issuer: origin, token_endpoint: `${origin}/t`, authorization_endpoint: `${origin}/a`, registration_endpoint: `${origin}/r`, code_challenge_methods_supported: ['S256'], ...more };
  return { requests: new AuthorizationRequests(document, { guard: createAddressGuard(['127.0.0.1']) }, Date.now), bodies };
}

describe('how the gateway makes itself known', () => {
  test.each([
    ['https://gateway.example.com', 'https://gateway.example.com/oauth/client-metadata.json'], ['https://gateway.example.com:8443', 'https://gateway.example.com:8443/oauth/client-metadata.json'],
    ['http://gateway.example.com', null], ['http://127.0.0.1:4600', null], ['https://localhost:4600', null], ['https://127.0.0.1', null],
  ])('%s has the document %s', (publicUrl, id) => {
    expect(documentClientId(publicUrl)).toBe(id);
    const document = metadataDocument(publicUrl);
    expect(document === null ? null : document['client_id']).toBe(id);
    if (document !== null) expect(document).toMatchObject({ redirect_uris: [`${publicUrl}/oauth/callback`], token_endpoint_auth_method: 'none', application_type: 'web' });
  });

  test('by its document, where the server takes such and can reach us', async () => {
    const { requests, bodies } = await registrar(201, '{"client_id":"x"}', { client_id_metadata_document_supported: true });
    expect(await requests.register('https://gateway.example.com')).toMatchObject({ origin: 'document', clientId: 'https://gateway.example.com/oauth/client-metadata.json', clientSecret: null });
    expect(bodies).toEqual([]);
    expect(await requests.register('http://127.0.0.1:4600')).toMatchObject({ origin: 'dynamic', clientId: 'x' });
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ redirect_uris: ['http://127.0.0.1:4600/oauth/callback'], application_type: 'native', grant_types: ['authorization_code', 'refresh_token'] });
  });

  test.each([
    ['{"client_id":"a"}', { clientSecret: null, secretExpiresAt: 0, authMethod: 'client_secret_basic' }],
    ['{"client_id":"a","client_secret":"s"}', { clientSecret: 's', secretExpiresAt: 0 }],
    ['{"client_id":"a","client_secret":"s","client_secret_expires_at":1900000000,"token_endpoint_auth_method":"client_secret_post","unknown":[1]}', { clientSecret: 's', secretExpiresAt: 1_900_000_000, authMethod: 'client_secret_post' }],
  ])('takes the registration %s', async (answer, expected) => {
    const { requests } = await registrar(201, answer);
    expect(await requests.register('https://gateway.example.com')).toMatchObject({ clientId: 'a', origin: 'dynamic', ...expected });
  });

  test.each([
    [201, '[]'], [201, ''], [201, '{"client_id":5}'], [201, '{"client_id":"a\\nb"}'], [201, '{"client_id":"a","client_secret":{}}'], [201, '{"client_id":"a","client_secret_expires_at":-1}'], [302, '{"client_id":"a"}'], [500, '{}'],
    [400, '{"error":"invalid_redirect_uri","error_description":"<b>secret words</b>"}'], [403, 'no'],
  ])('refuses the answer %d %s, and repeats nothing of it but an error code', async (status, answer) => {
    const { requests } = await registrar(status, answer);
    const problem = await requests.register('https://gateway.example.com').then(() => 'registered', (error: unknown) => String(error));
    expect(problem).toMatch(/regist/);
    expect(problem).not.toBe('registered');
    expect(problem).not.toContain('secret words');
  });
});
