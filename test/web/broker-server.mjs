// An MCP server on stdio with tools of every class; its argument says how many more it has.
import { createInterface } from 'node:readline';

const NAMES = ['ListBrokers', 'DescribeBroker', 'CreateBroker', 'DeleteBroker', 'RebootBroker', 'get_user', 'create_charge', 'send_email'];
const more = Array.from({ length: Number(process.argv[2] ?? 0) }, (_, index) => `${['get', 'update', 'delete', 'run'][index % 4]}_thing_${index}`);
const inputSchema = { type: 'object', properties: { id: { type: 'string' }, amount: { type: 'number' }, currency: { enum: ['EUR', 'USD'] } } };
const tools = [...NAMES, ...more].map((name) => ({ name, description: `${name} of the broker.`, inputSchema }));

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const results = {
    initialize: () => ({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'broker', version: '1' } }),
    'tools/list': () => ({ tools }),
    'tools/call': () => ({ content: [{ type: 'text', text: `${params.name} done` }] }),
  };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: (results[method] ?? (() => ({})))() })}\n`);
}
