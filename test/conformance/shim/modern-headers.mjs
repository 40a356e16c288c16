// What an HTTP server of 2026-07-28 has to check before a stdio server sees the request: headers against the body.

const VERSION = '2026-07-28';
const META_VERSION = 'io.modelcontextprotocol/protocolVersion';
const META_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const NAMED_BY = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

const mismatch = (message) => ({ code: -32020, message });

/** Whether a message is a claim to the stateless revision. */
export const claimsModern = (req, message) =>
  message?.params?._meta?.[META_VERSION] !== undefined || req.headers['mcp-protocol-version'] === VERSION;

/** The value of a mirrored header; undefined where its Base64 form is broken. */
function decodeMirrored(value) {
  const encoded = /^=\?base64\?(.*)\?=$/s.exec(value)?.[1];
  if (encoded === undefined) return value;
  const canonical = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded);
  return canonical ? Buffer.from(encoded, 'base64').toString('utf8') : undefined;
}

function sameValue(header, value, type) {
  if (type === 'integer' || type === 'number') return header.trim() !== '' && Number(header) === value;
  return header === String(value);
}

function checkParams(headers, schema, args) {
  for (const [property, definition] of Object.entries(schema?.properties ?? {})) {
    const suffix = definition['x-mcp-header'];
    if (suffix === undefined) continue;
    const header = headers[`mcp-param-${suffix.toLowerCase()}`];
    const value = args?.[property];
    const present = value !== undefined && value !== null;
    if (!present && header === undefined) continue;
    if (present !== (header !== undefined)) return mismatch(`Mcp-Param-${suffix} and argument ${property} do not match`);
    const decoded = decodeMirrored(header);
    if (decoded === undefined) return mismatch(`Mcp-Param-${suffix} is not valid Base64`);
    if (!sameValue(decoded, value, definition.type)) return mismatch(`Mcp-Param-${suffix} differs from argument ${property}`);
  }
  return undefined;
}

/**
 * Checks envelope and headers of a stateless request.
 * @param schemaOf looks up a tool's input schema by name (async)
 * @returns undefined, or the JSON-RPC error to answer with HTTP 400
 */
export async function checkModern(headers, message, schemaOf) {
  const meta = message.params?._meta;
  if (typeof meta?.[META_VERSION] !== 'string') return { code: -32602, message: `_meta must have ${META_VERSION}` };
  if (typeof meta[META_CAPABILITIES] !== 'object' || meta[META_CAPABILITIES] === null) {
    return { code: -32602, message: `_meta must have ${META_CAPABILITIES}` };
  }
  if (headers['mcp-protocol-version'] !== meta[META_VERSION]) return mismatch('MCP-Protocol-Version differs from _meta');
  if (meta[META_VERSION] !== VERSION) {
    const data = { supported: [VERSION], requested: meta[META_VERSION] };
    return { code: -32022, message: 'Unsupported protocol version', data };
  }
  if (headers['mcp-method'] !== message.method) return mismatch('Mcp-Method differs from the method');
  const field = NAMED_BY[message.method];
  if (field === undefined) return undefined;
  const name = headers['mcp-name'] === undefined ? undefined : decodeMirrored(headers['mcp-name'].trim());
  if (name === undefined || name !== message.params[field]) return mismatch(`Mcp-Name differs from params.${field}`);
  if (message.method !== 'tools/call') return undefined;
  return checkParams(headers, await schemaOf(name), message.params.arguments);
}
