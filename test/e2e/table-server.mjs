// A stdio MCP server for the decision tables: it lists the tools of a file, and does whatever it is asked for.
//   node table-server.mjs tools.json
// How a call ends is said beside its arguments, in `_meta["test/outcome"]`: ok (default), tool_error or error.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { tools } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const CAPABILITIES = { tools: {}, resources: {}, prompts: {} };
const END = {
  ok: (result) => ({ result }),
  tool_error: () => ({ result: { content: [{ type: 'text', text: 'it did not work' }], isError: true } }),
  error: () => ({ error: { code: -32000, message: 'it did not work' } }),
};

function answer({ method, params = {} }) {
  const end = END[params._meta?.['test/outcome'] ?? 'ok'];
  switch (method) {
    case 'initialize': return { result: { protocolVersion: params.protocolVersion, capabilities: CAPABILITIES, serverInfo: { name: 'table', version: '1' } } };
    case 'ping': return { result: {} };
    case 'tools/list': return { result: { tools } };
    case 'tools/call': return end({ content: [{ type: 'text', text: `did ${params.name}` }] });
    case 'resources/read': return end({ contents: [{ uri: params.uri, text: 'content' }] });
    case 'prompts/get': return end({ messages: [{ role: 'user', content: { type: 'text', text: params.name } }] });
    default: return { error: { code: -32601, message: 'Method not found' } };
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line);
    if (message.id !== undefined && message.method !== undefined) process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer(message) })}\n`);
  })
  .on('close', () => process.exit(0));
