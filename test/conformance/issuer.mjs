// An issuer of access tokens: a metadata document, a key set, and tokens for whom it is told.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const KEY_ID = 'conformance';

/** @returns { url, token, stop }: `token(audience)` lasts for an hour */
export async function startIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'ES256', use: 'sig' }];
  let url = '';
  const server = createServer((request, response) => {
    const document = request.url === '/keys' ? { keys } : request.url === '/.well-known/openid-configuration' ? { issuer: url, jwks_uri: `${url}/keys` } : null;
    response.writeHead(document === null ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    token: (audience) => new SignJWT({ scope: 'mcp', client_id: 'suite' }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: KEY_ID }).setIssuer(url).setAudience(audience).setSubject('conformance').setIssuedAt().setExpirationTime('1h').sign(privateKey),
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
