// Real clients: the inspector's command line, both SDK lines, and mcp-remote. Each reports what it got as [label, Buffer].
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { tmpdir } from 'node:os';
import * as sdk2 from '../peers/node_modules/@modelcontextprotocol/client/dist/index.mjs';
import { StdioClientTransport as StdioTransport2 } from '../peers/node_modules/@modelcontextprotocol/client/dist/stdio.mjs';
import { Client as Client1 } from '../peers/node_modules/@modelcontextprotocol/sdk/dist/esm/client/index.js';
import { StdioClientTransport as StdioTransport1 } from '../peers/node_modules/@modelcontextprotocol/sdk/dist/esm/client/stdio.js';
import { StreamableHTTPClientTransport as HttpTransport1 } from '../peers/node_modules/@modelcontextprotocol/sdk/dist/esm/client/streamableHttp.js';
import { connectRaw, walk } from './stdio-peer.mjs';
import { fixture, suiteNode } from './peers.mjs';
import { listeningUrl, start } from './processes.mjs';

const run = promisify(execFile);
const peer = (path) => fileURLToPath(new URL(`../peers/node_modules/${path}`, import.meta.url));
const STDIO = [process.execPath, fixture, '--stdio'];
const CALL = { name: 'test_multiple_content_types', arguments: {} };
const inspector = peer('@modelcontextprotocol/inspector/clients/launcher/build/index.js');
const remote = peer('mcp-remote/dist/proxy.js');

const asBytes = (value) => Buffer.from(JSON.stringify(value));

/** What an SDK client sees: the same walk for both SDK lines. */
async function useClient(client, transport) {
  await client.connect(transport);
  try {
    return [
      ['server', asBytes([client.getServerVersion(), client.getServerCapabilities(), client.getInstructions()])],
      ['tools', asBytes(await client.listTools())],
      ['prompts', asBytes(await client.listPrompts())],
      ['resources', asBytes(await client.listResources())],
      ['templates', asBytes(await client.listResourceTemplates())],
      ['call', asBytes(await client.callTool(CALL))],
      ['prompt', asBytes(await client.getPrompt({ name: 'test_prompt_with_image' }))],
      ['resource', asBytes(await client.readResource({ uri: 'test://static-binary' }))],
    ];
  } finally {
    await client.close();
  }
}

const INFO = { name: 'real-clients', version: '1.0.0' };
const client1 = () => new Client1(INFO, { capabilities: {} });
const client2 = (mode) => new sdk2.Client(INFO, { capabilities: {}, versionNegotiation: { mode } });
const stdioParameters = ([command, ...args]) => ({ command, args, stderr: 'ignore', env: process.env });
const bearer = (token) => ({ requestInit: { headers: { Authorization: `Bearer ${token}` } } });

async function withHttpFixture(use) {
  const server = start([process.execPath, fixture, '--http', '0']);
  try {
    return await use(await listeningUrl(server, 'the fixture'));
  } finally {
    await server.stop();
  }
}

/** A client of a stdio server. `use` is given the command. */
const onStdio = (name, use) => ({
  name,
  direct: () => use(STDIO),
  async through(launcher) {
    const front = await launcher.stdioCommand({ command: STDIO });
    try {
      return await use(front.command);
    } finally {
      await front.stop();
    }
  },
});

/** A client of an HTTP server. `use` is given URL and token. */
const onHttp = (name, use) => ({
  name,
  direct: () => withHttpFixture((url) => use(url, 'not-looked-at')),
  through: (launcher) =>
    withHttpFixture(async (url) => {
      const gateway = await launcher.launchServe({ url });
      try {
        return await use(gateway.url, gateway.token);
      } finally {
        await gateway.stop();
      }
    }),
});

// The inspector needs Node 22.
async function inspect(target) {
  const answers = [];
  for (const method of ['tools/list', 'prompts/list', 'resources/list']) {
    const { stdout } = await run(suiteNode, [inspector, '--cli', ...target, '--method', method], { timeout: 120_000, maxBuffer: 2 ** 26 });
    answers.push([method, Buffer.from(stdout)]);
  }
  return answers;
}

async function useRemote(url, token) {
  const peerProcess = connectRaw(
    [process.execPath, remote, url, '--transport', 'http-only', '--allow-http', '--header', 'Authorization:${REMOTE_AUTHORIZATION}'],
    { env: { REMOTE_AUTHORIZATION: `Bearer ${token}` } },
  );
  try {
    return await walk(peerProcess, CALL);
  } finally {
    await peerProcess.close();
  }
}

/** { name, direct(), through(launcher) } per client. */
export const CLIENTS = [
  onStdio('inspector-stdio', async ([command, ...args]) => {
    // By configuration file, as people do: on the command line it would take our `--` for its own.
    const directory = await mkdtemp(join(tmpdir(), 'inspector-'));
    const file = join(directory, 'mcp.json');
    await writeFile(file, JSON.stringify({ mcpServers: { fixture: { type: 'stdio', command, args } } }));
    try {
      return await inspect(['--config', file, '--server', 'fixture']);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }),
  onHttp('inspector-http', (url, token) => inspect([url, '--transport', 'http', '--header', `Authorization: Bearer ${token}`])),
  onStdio('sdk1-stdio', (command) => useClient(client1(), new StdioTransport1(stdioParameters(command)))),
  onHttp('sdk1-http', (url, token) => useClient(client1(), new HttpTransport1(new URL(url), bearer(token)))),
  ...['legacy', 'auto'].flatMap((mode) => [
    onStdio(`sdk2-stdio-${mode}`, (command) => useClient(client2(mode), new StdioTransport2(stdioParameters(command)))),
    onHttp(`sdk2-http-${mode}`, (url, token) =>
      useClient(client2(mode), new sdk2.StreamableHTTPClientTransport(new URL(url), bearer(token))),
    ),
  ]),
  onHttp('mcp-remote', useRemote),
];
