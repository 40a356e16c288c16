// A small MCP server on stdio, for the demo: a container registry that only pretends. Node builtins only. It speaks both ways of
// the protocol: sessions opened by `initialize` (2024-11-05 to 2025-11-25), and stateless requests (2026-07-28).
import { createInterface } from 'node:readline';

const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const MODERN = '2026-07-28';
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const serverInfo = { name: 'demo-registry', title: 'Demo container registry', version: '1.0.0' };
const instructions = 'A pretended container registry. Images are named repository:tag.';

const images = new Map([
  ['api:1.4', { sizeMb: 182, pushed: '2026-10-02', labels: { team: 'payments' } }],
  ['api:1.5-rc1', { sizeMb: 185, pushed: '2026-11-17', labels: { team: 'payments' } }],
  ['worker:2.0', { sizeMb: 96, pushed: '2026-09-21', labels: { team: 'platform' } }],
  ['web:7.1', { sizeMb: 241, pushed: '2026-11-19', labels: { team: 'web' } }],
]);

const image = { type: 'string', description: 'repository:tag', pattern: '^[a-z0-9-]+:[a-z0-9.-]+$' };
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const failure = (value) => ({ ...text(value), isError: true });

const tools = [
  {
    name: 'list_images',
    title: 'List images',
    description: 'Lists the images of the registry.',
    inputSchema: { type: 'object', properties: { repository: { type: 'string', description: 'only this repository' } }, additionalProperties: false },
    annotations: { readOnlyHint: true },
    call: ({ repository }) => text([...images.keys()].filter((name) => repository === undefined || name.startsWith(`${repository}:`)).join('\n') || 'no images'),
  },
  {
    name: 'describe_image',
    title: 'Describe an image',
    description: 'Size, date and labels of one image.',
    inputSchema: { type: 'object', properties: { image }, required: ['image'], additionalProperties: false },
    outputSchema: { type: 'object', properties: { sizeMb: { type: 'integer' }, pushed: { type: 'string' }, labels: { type: 'object' } }, required: ['sizeMb', 'pushed'] },
    annotations: { readOnlyHint: true },
    call: ({ image: name }) => {
      const found = images.get(name);
      return found === undefined ? failure(`there is no image ${name}`) : { ...text(JSON.stringify(found)), structuredContent: found };
    },
  },
  {
    name: 'clone_container',
    title: 'Clone a container image',
    description: 'Copies an image to a new tag of the production registry.',
    inputSchema: { type: 'object', properties: { image, target: { ...image, description: 'new repository:tag' } }, required: ['image', 'target'], additionalProperties: false },
    annotations: { readOnlyHint: false, destructiveHint: false },
    call: ({ image: name, target }) => {
      const found = images.get(name);
      if (found === undefined) return failure(`there is no image ${name}`);
      images.set(target, { ...found, pushed: new Date().toISOString().slice(0, 10) });
      return text(`${name} was copied to ${target} (${found.sizeMb} MB)`);
    },
  },
  {
    name: 'delete_image',
    title: 'Delete an image',
    description: 'Deletes an image for good.',
    inputSchema: { type: 'object', properties: { image }, required: ['image'], additionalProperties: false },
    annotations: { readOnlyHint: false, destructiveHint: true },
    call: ({ image: name }) => (images.delete(name) ? text(`${name} was deleted`) : failure(`there is no image ${name}`)),
  },
  {
    name: 'rotate_credentials',
    title: 'Rotate credentials',
    description: 'Replaces the credentials of the registry and shows the new ones.',
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
    annotations: { readOnlyHint: false, destructiveHint: true },
    call: () => text('new password: hunter2-of-the-demo'),
  },
];

class RpcError extends Error {
  constructor(code, message, data) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

function callTool({ name, arguments: args = {} }) {
  const tool = tools.find((each) => each.name === name);
  if (tool === undefined) throw new RpcError(-32602, `Unknown tool: ${name}`);
  for (const required of tool.inputSchema.required ?? []) {
    if (typeof args[required] !== 'string') return failure(`the argument ${required} is missing`);
  }
  return tool.call(args);
}

/** The result of a request. `modern` is true for a stateless request. */
function answer(method, params, modern) {
  switch (method) {
    case 'initialize':
      if (modern) break;
      return { protocolVersion: LEGACY.includes(params.protocolVersion) ? params.protocolVersion : LEGACY[0], capabilities: { tools: {} }, serverInfo, instructions };
    case 'server/discover':
      if (!modern) break;
      return { supportedVersions: [MODERN], capabilities: { tools: {} }, serverInfo, instructions, ttlMs: 60_000, cacheScope: 'public' };
    case 'ping':
      if (modern) break;
      return {};
    case 'tools/list':
      return { tools: tools.map(({ call: _call, ...definition }) => definition), ...(modern ? { ttlMs: 60_000, cacheScope: 'public' } : {}) };
    case 'tools/call':
      return callTool(params);
  }
  throw new RpcError(-32601, `Method not found: ${method}`);
}

function handle(message) {
  if (typeof message.method !== 'string' || message.id === undefined) return null;
  const params = message.params ?? {};
  const wanted = params._meta?.[VERSION_KEY];
  const modern = wanted !== undefined;
  try {
    if (modern && wanted !== MODERN) throw new RpcError(-32022, `Unsupported protocol version: ${wanted}`, { supported: [MODERN], requested: wanted });
    const result = answer(message.method, params, modern);
    return { jsonrpc: '2.0', id: message.id, result: modern ? { resultType: 'complete', ...result } : result };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const { code, message: reason, data } = error;
    return { jsonrpc: '2.0', id: message.id, error: { code, message: reason, ...(data === undefined ? {} : { data }) } };
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line.trim() === '') return;
  let message;
  try {
    message = JSON.parse(line);
  } catch {
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } })}\n`);
    return;
  }
  const response = handle(message);
  if (response !== null) process.stdout.write(`${JSON.stringify(response)}\n`);
});
