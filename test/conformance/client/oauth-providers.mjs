// OAuth clients for the authorization scenarios: a browser-less authorization-code client, and the extensions' grants.
import {
  ClientCredentialsProvider,
  CrossAppAccessProvider,
  DpopSession,
  PrivateKeyJwtProvider,
  requestJwtAuthorizationGrant,
} from '../../peers/node_modules/@modelcontextprotocol/client/dist/index.mjs';

const CALLBACK = 'http://localhost:3000/callback';
const METADATA_DOCUMENT = 'https://conformance-test.local/client-metadata.json';

/**
 * The authorization-code client. Instead of opening a browser it follows the authorization URL itself and keeps what the
 * callback would have been given.
 * @param registered a client that the authorization server already knows, if any
 * @param dpop whether tokens are to be bound to a key
 */
export function browserlessProvider({ registered, dpop } = {}) {
  const clients = new Map();
  const tokens = new Map();
  let latestTokens;
  let verifier;
  let callback;
  let discovery;
  const session = dpop ? DpopSession.create() : undefined;
  const keyOf = (ctx) => ctx?.issuer ?? '';
  return {
    redirectUrl: CALLBACK,
    // A client that brings its own registration must not offer another identity.
    clientMetadataUrl: registered === undefined ? METADATA_DOCUMENT : undefined,
    clientMetadata: {
      client_name: 'conformance-driver',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    clientInformation: (ctx) => registered ?? clients.get(keyOf(ctx)),
    saveClientInformation: (information, ctx) => {
      clients.set(keyOf(ctx), information);
    },
    tokens: (ctx) => (ctx === undefined ? latestTokens : tokens.get(keyOf(ctx))),
    saveTokens: (saved, ctx) => {
      latestTokens = saved;
      tokens.set(keyOf(ctx), saved);
      // What was discovered belongs to this one flow: the server may name another authorization server next time.
      discovery = undefined;
    },
    saveCodeVerifier: (value) => {
      verifier = value;
    },
    codeVerifier: () => {
      if (verifier === undefined) throw new Error('No code verifier was saved');
      return verifier;
    },
    async redirectToAuthorization(url) {
      const answer = await fetch(url, { redirect: 'manual' });
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`The authorization endpoint answered ${answer.status} without a redirect`);
      callback = new URL(location).searchParams;
    },
    // Kept beside the verifier, so that the SDK can tell that a callback belongs to the server it was sent to.
    saveDiscoveryState: (state) => {
      discovery = state;
    },
    discoveryState: () => discovery,
    /** The parameters of the last callback; each can be taken once. */
    takeCallback() {
      const taken = callback;
      callback = undefined;
      return taken;
    },
    invalidateCredentials(scope) {
      if (scope === 'all' || scope === 'client') clients.clear();
      if (scope === 'all' || scope === 'tokens') {
        tokens.clear();
        latestTokens = undefined;
      }
      if (scope === 'all' || scope === 'discovery') discovery = undefined;
    },
    ...(session === undefined ? {} : { dpop: () => session }),
  };
}

/** The RFC 7523 grant with an assertion that some platform has issued. */
function workloadProvider(context) {
  let saved;
  return {
    redirectUrl: undefined,
    clientMetadata: { client_name: 'conformance-driver', redirect_uris: [], grant_types: ['urn:ietf:params:oauth:grant-type:jwt-bearer'] },
    clientInformation: () => ({ client_id: context.client_id }),
    tokens: () => saved,
    saveTokens: (tokens) => {
      saved = tokens;
    },
    saveCodeVerifier() {},
    codeVerifier: () => '',
    redirectToAuthorization() {
      throw new Error('A workload cannot be redirected');
    },
    addClientAuthentication(_headers, params) {
      params.set('client_id', context.client_id);
    },
    prepareTokenRequest(scope) {
      const params = new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: context.valid_jwt,
      });
      if (scope) params.set('scope', scope);
      return params;
    },
  };
}

/**
 * The provider that a scenario calls for.
 * @param scenario the suite's scenario name
 * @param context what the suite hands to the client: keys, secrets, assertions
 */
export function providerFor(scenario, context) {
  switch (scenario) {
    case 'auth/client-credentials-basic':
      return new ClientCredentialsProvider({ clientId: context.client_id, clientSecret: context.client_secret });
    case 'auth/client-credentials-jwt':
      return new PrivateKeyJwtProvider({
        clientId: context.client_id,
        privateKey: context.private_key_pem,
        algorithm: context.signing_algorithm,
      });
    case 'auth/enterprise-managed-authorization':
      return new CrossAppAccessProvider({
        clientId: context.client_id,
        clientSecret: context.client_secret,
        assertion: async ({ authorizationServerUrl, resourceUrl, scope, fetchFn }) => {
          const { jwtAuthGrant } = await requestJwtAuthorizationGrant({
            // Not discovered: the suite's identity provider publishes less metadata than the SDK insists on.
            tokenEndpoint: context.idp_token_endpoint,
            audience: authorizationServerUrl,
            resource: resourceUrl,
            idToken: context.idp_id_token,
            clientId: context.idp_client_id,
            ...(scope === undefined ? {} : { scope }),
            fetchFn,
          });
          return jwtAuthGrant;
        },
      });
    case 'auth/wif-jwt-bearer':
      return workloadProvider(context);
    case 'auth/pre-registration':
      return browserlessProvider({
        registered: { client_id: context.client_id, client_secret: context.client_secret, issuer: context.issuer },
      });
    default:
      return browserlessProvider({ dpop: scenario.startsWith('auth/dpop') });
  }
}
