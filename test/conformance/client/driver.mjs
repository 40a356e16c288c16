// The client under test: an SDK 2 client that does with a server what its lists offer.
// The suite starts it as `node driver.mjs URL` with MCP_CONFORMANCE_SCENARIO, _PROTOCOL_VERSION and _CONTEXT set.
import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '../../peers/node_modules/@modelcontextprotocol/client/dist/index.mjs';
import { providerFor } from './oauth-providers.mjs';
import { sampleArguments } from './sample-arguments.mjs';

const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';
const modern = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === '2026-07-28';
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const url = new URL(process.argv.at(-1));
// A server that refuses every token would keep us authorizing for ever.
const MAX_AUTHORIZATIONS = 3;

function newClient() {
  const client = new Client(
    { name: 'conformance-driver', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
      versionNegotiation: { mode: modern ? 'auto' : 'legacy' },
    },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => ({
    action: 'accept',
    content: sampleArguments(params.requestedSchema),
  }));
  client.setRequestHandler('sampling/createMessage', () => ({
    role: 'assistant',
    model: 'none',
    content: { type: 'text', text: 'A sampled answer' },
  }));
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///', name: 'root' }] }));
  return client;
}

const provider = scenario.startsWith('auth/') ? providerFor(scenario, context) : undefined;
let authorizations = 0;
let transport;

/** Runs a step; where the server asks for authorization, completes it and runs the step again. */
async function authorized(step) {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      const callback = error instanceof UnauthorizedError ? provider?.takeCallback?.() : undefined;
      if (callback === undefined || authorizations >= MAX_AUTHORIZATIONS) throw error;
      authorizations += 1;
      await transport.finishAuth(callback);
    }
  }
}

function connect() {
  return authorized(async () => {
    const client = newClient();
    transport = new StreamableHTTPClientTransport(url, provider === undefined ? {} : { authProvider: provider });
    await client.connect(transport);
    return client;
  });
}

function callsFor(tools) {
  if (context.toolCalls !== undefined) return context.toolCalls;
  const rich = tools.find((tool) => tool.name === 'json_schema_2020_12_tool');
  return tools.map((tool) => ({
    name: tool.name,
    arguments: tool.name === 'json_schema_echo' ? { schema: rich.inputSchema } : sampleArguments(tool.inputSchema),
  }));
}

async function useTools(client) {
  const { tools } = await authorized(() => client.listTools());
  // A second turn shows whether credentials and state hold beyond the first use.
  for (const call of callsFor(tools)) await authorized(() => client.callTool(call));
}

async function usePromptsAndResources(client) {
  const capabilities = client.getServerCapabilities() ?? {};
  if (capabilities.prompts !== undefined) {
    for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name });
  }
  if (capabilities.resources !== undefined) {
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
  }
}

const client = await connect();
await useTools(client);
if (provider === undefined) await usePromptsAndResources(client);
if (!modern) await transport.terminateSession();
await client.close();
