import * as oauth from 'oauth4webapi';
import type { Provider } from './provider.ts';
import type { RoundTrip } from './round-trip.ts';

const SCOPE = 'openid email profile';

/** Who somebody is, as the identity provider has signed it. */
export interface Identified {
  readonly issuer: string;
  readonly subject: string;
  /** Lower case; null unless the provider says that it belongs to him. */
  readonly email: string | null;
  readonly name: string | null;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Begins a sign-in: authorization code with PKCE (RFC 7636), state and nonce. @returns where the browser goes, and what it must bring back */
export async function beginFlow(provider: Provider, redirectUri: string, until: number): Promise<{ readonly location: string; readonly trip: RoundTrip }> {
  const { server, client } = provider;
  if (server.authorization_endpoint === undefined) throw new Error('the identity provider names no authorization_endpoint');
  const trip: RoundTrip = { state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), verifier: oauth.generateRandomCodeVerifier(), issuer: server.issuer, until };
  const location = new URL(server.authorization_endpoint);
  if (location.protocol !== 'https:' && provider.http[oauth.allowInsecureRequests] !== true) throw new Error('the authorization_endpoint of the identity provider is no https address');
  const parameters = {
    client_id: client.client_id, redirect_uri: redirectUri, response_type: 'code', scope: SCOPE, state: trip.state, nonce: trip.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(trip.verifier), code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value);
  return { location: location.href, trip };
}

/**
 * Ends a sign-in: checks state and issuer of the answer (RFC 9207), trades the code, and checks the ID token whole: signature, issuer, audience, time and
 * nonce (OpenID Connect Core 3.1.3.7).
 * @throws when anything is not as it must be
 */
export async function endFlow(provider: Provider, trip: RoundTrip, answer: URLSearchParams, redirectUri: string): Promise<Identified> {
  const { server, client, authentication, http } = provider;
  if (trip.issuer !== server.issuer) throw new Error('the sign-in was begun at another identity provider');
  const parameters = oauth.validateAuthResponse(server, client, answer, trip.state);
  const response = await oauth.authorizationCodeGrantRequest(server, client, authentication, parameters, redirectUri, trip.verifier, http);
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, { expectedNonce: trip.nonce, requireIdToken: true });
  // Over TLS the standard does not ask for it, but then everything would hang on TLS alone.
  await oauth.validateApplicationLevelSignature(server, response, http);
  const token = oauth.getValidatedIdTokenClaims(tokens);
  if (token === undefined) throw new Error('the identity provider sent no ID token');
  let claims: Record<string, unknown> = { ...token };
  if (claims['email'] === undefined && server.userinfo_endpoint !== undefined) {
    const info = await oauth.processUserInfoResponse(server, client, token.sub, await oauth.userInfoRequest(server, client, tokens.access_token, http));
    // What the token says wins: it is signed.
    claims = { ...info, ...claims };
  }
  const { email, name } = claims;
  // Only `true` itself: some providers let people write any address into their profile.
  const own = claims['email_verified'] === true && typeof email === 'string' ? email.trim().toLowerCase() : null;
  return { issuer: server.issuer, subject: token.sub, email: own, name: typeof name === 'string' ? name : null, claims };
}
