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
// A server that refuses every token would keep us authorizing for ever. A step may ask the user once; the SDK itself asks
// once more before it reports the refusal.
const AUTHORIZATIONS_PER_STEP = 1;

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
let transport;

/** Runs a step; where the server asks for authorization, completes it and runs the step again. */
async function authorized(step) {
  for (let authorizations = 0; ; authorizations += 1) {
    try {
      return await step();
    } catch (error) {
      const callback = error instanceof UnauthorizedError ? provider?.takeCallback?.() : undefined;
      if (callback === undefined || authorizations >= AUTHORIZATIONS_PER_STEP) throw error;
      await transport.finishAuth(callback);
    }
  }
}

/**
 * Runs a step and prints how it ended. The run compares this transcript too: a relay may turn an answer into another
 * one without any check of the suite noticing.
 */
async function recorded(name, step) {
  try {
    const value = await authorized(step);
    console.log(`${name}: ok`);
    return value;
  } catch (error) {
    console.log(`${name}: ${error.constructor.name} ${error.code ?? ''}`.trimEnd());
    throw error;
  }
}

function connect() {
  return recorded('connect', async () => {
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
  const { tools } = await recorded('tools/list', () => client.listTools());
  for (const call of callsFor(tools)) {
    // Whether one tool can be called says nothing about the next one.
    await recorded(`tools/call ${call.name}`, () => client.callTool(call)).catch((error) => {
      if (provider !== undefined) throw error;
    });
  }
}

async function usePromptsAndResources(client) {
  const capabilities = client.getServerCapabilities() ?? {};
  if (capabilities.prompts !== undefined) {
    const { prompts } = await recorded('prompts/list', () => client.listPrompts());
    for (const { name } of prompts) await recorded(`prompts/get ${name}`, () => client.getPrompt({ name }));
  }
  if (capabilities.resources !== undefined) {
    const { resources } = await recorded('resources/list', () => client.listResources());
    for (const { uri } of resources) await recorded(`resources/read ${uri}`, () => client.readResource({ uri }));
  }
}

const client = await connect();
await useTools(client);
if (provider === undefined) await usePromptsAndResources(client);
if (!modern) await transport.terminateSession();
await client.close();
