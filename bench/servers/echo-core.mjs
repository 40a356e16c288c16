/**
 * What the echo servers answer, for every transport and both protocol eras. Kept minimal and fast on purpose: the bench measures
 * what stands in front of a server, so the server must cost as little as it can.
 */

/** Everything that is sent to a client which asks for `blob`: looks like a log, with escapes in its JSON form. */
const BLOB_LINE = 'level=info msg="a line of a log" path=C:\\data\\x\n';

const blobs = new Map();

/** JSON text (with quotes) of a string of `bytes` characters; built once per size. */
function blobJson(bytes) {
  let text = blobs.get(bytes);
  if (text === undefined) {
    text = JSON.stringify(blobText(bytes));
    blobs.clear();
    blobs.set(bytes, text);
  }
  return text;
}

/** The text that a correct answer to `blob` carries. */
export function blobText(bytes) {
  return BLOB_LINE.repeat(Math.ceil(bytes / BLOB_LINE.length)).slice(0, bytes);
}

const NAMED_TOOLS = [
  { name: 'echo', description: 'Answers with the text it is given.', inputSchema: { type: 'object', properties: { text: { type: 'string' } } } },
  { name: 'blob', description: 'Answers with a text of that many characters.', inputSchema: { type: 'object', properties: { bytes: { type: 'integer' } } } },
  { name: 'wait', description: 'Answers after that many milliseconds.', inputSchema: { type: 'object', properties: { ms: { type: 'integer' } } } },
];

/**
 * @param {number} bytes how long the JSON of the list should at least be; 0 for the three real tools alone
 * @returns {string} the JSON array of tools
 */
function toolsJson(bytes) {
  const tools = [...NAMED_TOOLS];
  let size = 0;
  for (let i = 0; size < bytes; i += 1) {
    const name = `filler_${String(i).padStart(5, '0')}`;
    const tool = {
      name,
      description: `Tool number ${i}. It exists to make the list long; its description is about as wordy as those of real servers are.`,
      inputSchema: {
        type: 'object',
        properties: { region: { type: 'string', description: 'The region to work in.' }, limit: { type: 'integer', minimum: 1, maximum: 100 } },
        required: ['region'],
        additionalProperties: false,
      },
      annotations: { readOnlyHint: i % 2 === 0 },
    };
    size += JSON.stringify(tool).length + 1;
    tools.push(tool);
  }
  return JSON.stringify(tools);
}

/**
 * @param {{ listBytes?: number }} options
 * @returns {(message: object, modern: boolean, send: (json: string) => void) => void} answers one request; `send` gets one JSON text
 */
export function echoServer({ listBytes = 0 } = {}) {
  const tools = toolsJson(listBytes);
  const info = { name: 'bench-echo', version: '1.0.0' };

  return function answer(message, modern, send) {
    const id = JSON.stringify(message.id);
    const complete = modern ? '"resultType":"complete",' : '';
    const text = (json) => send(`{"jsonrpc":"2.0","id":${id},"result":{${complete}"content":[{"type":"text","text":${json}}]}}`);
    switch (message.method) {
      case 'tools/call': {
        const { name, arguments: args } = message.params;
        if (name === 'echo') text(JSON.stringify(args.text));
        else if (name === 'blob') text(blobJson(args.bytes));
        else if (name === 'wait') setTimeout(text, args.ms, '"waited"');
        else send(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32602,"message":"Unknown tool: ${JSON.stringify(String(name)).slice(1, -1)}"}}`);
        return;
      }
      case 'tools/list':
        send(`{"jsonrpc":"2.0","id":${id},"result":{${complete}${modern ? '"ttlMs":0,"cacheScope":"private",' : ''}"tools":${tools}}}`);
        return;
      case 'initialize': {
        const result = { protocolVersion: message.params.protocolVersion, capabilities: { tools: {} }, serverInfo: info };
        send(`{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`);
        return;
      }
      case 'server/discover': {
        const result = {
          resultType: 'complete',
          supportedVersions: ['2026-07-28'],
          capabilities: { tools: {} },
          _meta: { 'io.modelcontextprotocol/serverInfo': info },
          ttlMs: 0,
          cacheScope: 'private',
        };
        send(`{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`);
        return;
      }
      case 'ping':
        send(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
        return;
      default:
        send(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`);
    }
  };
}
