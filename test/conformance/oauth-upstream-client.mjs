// PolicyLayer as the OAuth client: the suite starts this as `node oauth-upstream-client.mjs URL` for its `auth/*` scenarios. It starts a gateway,
// registers URL as a server with `auth: oauth`, plays the operator who consents (the suite's authorization server asks nobody anything), and lets an
// agent with a grant's token list and call what is there. So every request that the suite judges was made by the gateway.
//
// MCP_CONFORMANCE_SCENARIO, _PROTOCOL_VERSION and _CONTEXT are the suite's; POLICYLAYER_BIN names another build.
import { mkdtemp, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '../peers/node_modules/@modelcontextprotocol/client/dist/index.mjs';

const bin = process.env.POLICYLAYER_BIN ?? fileURLToPath(new URL('../../dist/bin.mjs', import.meta.url));
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';
const modern = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === '2026-07-28';
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const target = process.argv.at(-1);
/** How often an operator consents again for one step; a server that wants more and more is left alone then. */
const CONSENTS_PER_STEP = 2;

/** A gateway without gateway.yaml, and its first administrator. */
async function startGateway() {
  const directory = await mkdtemp(join(tmpdir(), 'policylayer-oauth-client-'));
  const child = spawn(process.execPath, [bin, 'serve', '--data', directory, '--listen', '127.0.0.1:0', '--json'], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await gone;
    await rm(directory, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const greeting = JSON.parse(line);
    child.stdout.resume();
    return { url: greeting.url, signIn: greeting.signIn, stop };
  }
  await stop();
  throw new Error('the gateway ended before it was ready');
}

/** The API as a browser uses it: a cookie, a CSRF token, and JSON. */
class Operator {
  #url;
  #csrf = '';
  #cookies = new Map();

  constructor(url) {
    this.#url = url;
  }

  async signIn(link) {
    const secret = new URL(link).hash.replace('#link=', '');
    const { body } = await this.call('POST', '/session/link', { secret, name: 'Operator', email: 'operator@example.com', password: 'correct horse battery staple 42' });
    this.#csrf = body.csrfToken;
  }

  async call(method, path, body, headers = {}) {
    const response = await this.visit(`${this.#url}/api/v1${path}`, { method, headers: { 'x-csrf-token': this.#csrf, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return { body: text === '' ? null : JSON.parse(text), etag: response.headers.get('etag') };
  }

  async visit(url, init = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const own = new URL(url).origin === this.#url;
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, ...(own ? { cookie } : {}) } });
    if (own) {
      for (const set of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
        if (/max-age=0/i.test(set)) this.#cookies.delete(name);
        else this.#cookies.set(name, value);
      }
    }
    return response;
  }

  /** Consents for a server: follows the redirects of its authorization server back to the gateway. */
  async consent(server) {
    const { body } = await this.call('POST', `/servers/${server}/oauth/start`, {});
    if (body.authorizationUrl === null) return;
    let url = body.authorizationUrl;
    for (let step = 0; step < 10; step += 1) {
      const response = await this.visit(url);
      const location = response.headers.get('location');
      if (location === null) {
        if (response.ok) return;
        throw new Error(`consent failed at ${new URL(url).pathname}: ${response.status} ${(await response.text()).replace(/<[^>]*>/g, ' ').slice(0, 500)}`);
      }
      url = new URL(location, url).href;
    }
    throw new Error('the authorization server goes round in circles');
  }
}

/** Everything that an operator sets up by hand in the dashboard. @returns the grant's token */
async function setUp(operator) {
  const { etag } = await operator.call('GET', '/settings');
  await operator.call('PATCH', '/settings', { privateTargets: ['127.0.0.0/8', '::1', 'localhost'] }, { 'if-match': etag });
  await operator.call('POST', '/servers', { name: 'fixture', kind: 'http', url: target, headers: {}, auth: 'oauth' });
  await operator.call('POST', '/policies', { name: 'open', text: 'version: "1"\ndefault: allow\n' });
  const policy = await operator.call('GET', '/policies/open');
  await operator.call('POST', '/policies/open/publish', { stage: 'enforce' }, { 'if-match': policy.etag });
  const { body } = await operator.call('POST', '/grants', { label: 'agent', server: 'fixture', policies: ['open'] });
  if (context.client_id !== undefined) {
    const grant = scenario.startsWith('auth/client-credentials') ? 'client_credentials' : 'authorization_code';
    await operator.call('PUT', '/servers/fixture/oauth/client', { clientId: context.client_id, clientSecret: context.client_secret ?? null, grant });
  }
  return body.token;
}

/** Runs a step of the agent; where the gateway has lost its access, or needs more, the operator consents again, and the agent tries again. */
async function withConsent(operator, step) {
  for (let consents = 0; ; consents += 1) {
    try {
      return await step();
    } catch (error) {
      const { body } = await operator.call('GET', '/servers/fixture');
      if (consents >= CONSENTS_PER_STEP || body.oauth?.status === 'ready') throw error;
      await operator.consent('fixture');
    }
  }
}

const gateway = await startGateway();
try {
  const operator = new Operator(gateway.url);
  await operator.signIn(gateway.signIn);
  const token = await setUp(operator);
  await operator.consent('fixture');
  const client = await withConsent(operator, async () => {
    const made = new Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode: modern ? 'auto' : 'legacy' } });
    await made.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/fixture`), { requestInit: { headers: { authorization: `Bearer ${token}` } } }));
    return made;
  });
  const { tools } = await withConsent(operator, () => client.listTools());
  for (const tool of tools) await withConsent(operator, () => client.callTool({ name: tool.name, arguments: {} }));
  await client.close();
} finally {
  await gateway.stop();
}
