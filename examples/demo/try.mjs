// A client that tries what the demo's policy says, and prints what came back. Node builtins only.
//
// Usage: POLICYLAYER_TOKEN=plg_... node try.mjs http://127.0.0.1:4600/mcp/demo
const [url] = process.argv.slice(2);
const token = process.env.POLICYLAYER_TOKEN;
if (url === undefined || token === undefined) {
  console.error('usage: POLICYLAYER_TOKEN=plg_... node try.mjs URL');
  process.exit(2);
}

const VERSION = '2026-07-28';
let id = 0;

/** One stateless request: everything that the server must know is in its headers and in `_meta`. */
async function request(method, params = {}) {
  const meta = { 'io.modelcontextprotocol/protocolVersion': VERSION, 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 'try', version: '1' } };
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', Authorization: `Bearer ${token}`, 'MCP-Protocol-Version': VERSION, 'Mcp-Method': method };
  if (params.name !== undefined) headers['Mcp-Name'] = params.name;
  id += 1;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } }) });
  const body = await response.text();
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return { status: response.status, ...parse(body) };
  const events = body.split(/\r?\n\r?\n/).map((event) => event.split(/\r?\n/).filter((line) => line.startsWith('data:')).map((line) => line.slice(5)).join('\n'));
  return { status: response.status, ...events.filter((data) => data.trim() !== '').map(parse).find((message) => message.id === id) };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { error: { message: text.trim() } };
  }
}

async function call(name, args = {}) {
  const { status, result, error } = await request('tools/call', { name, arguments: args });
  const decision = result?._meta?.['policylayer/decision'];
  const said = error === undefined ? result.content.map((item) => item.text).join(' ') : `error ${error.code ?? `HTTP ${status}`}: ${error.message}`;
  const retry = decision?.retryAfterMs == null ? '' : ` retryAfterMs=${decision.retryAfterMs}`;
  console.log(`${name}(${Object.values(args).join(', ')})\n  ${said}${decision === undefined ? '' : `\n  code=${decision.code} rule=${decision.rule}${retry}`}\n`);
}

const listed = await request('tools/list');
if (listed.result === undefined) {
  console.error(`the gateway refused: ${listed.error?.message ?? `HTTP ${listed.status}`}`);
  process.exit(1);
}
console.log(`tools: ${listed.result.tools.map((tool) => tool.name).join(', ')}\n`);
await call('describe_image', { image: 'api:1.4' });
await call('delete_image', { image: 'api:1.4' });
await call('rotate_credentials');
for (const target of ['api:a', 'api:b', 'api:c', 'api:d']) await call('clone_container', { image: 'api:1.4', target });
