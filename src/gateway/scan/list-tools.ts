import type { Response } from '../../mcp/message.ts';
import { LATEST_LEGACY, LATEST_MODERN } from '../../mcp/versions.ts';
import { printable } from '../../policy/printable.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import type { Exchange } from './exchange.ts';
import { ScanFailure } from './scan-failure.ts';

const MAX_PAGES = 1_000;
const MAX_TOOLS = 50_000;
const MAX_BYTES = 256 * 1024 * 1024;
/** Pages that come just in time, one after the other, would keep a scan for hours. */
const MAX_TIMEOUTS = 10;

export interface ServerIdentity {
  readonly name: string | null;
  readonly version: string | null;
  /** Negotiated protocol version. */
  readonly protocol: string | null;
}

export interface ToolListing {
  readonly server: ServerIdentity;
  /** Definitions in the order of the server, as it served them. */
  readonly tools: readonly JsonNode[];
}

const CLIENT = { name: 'policylayer-scan', version: '1' };

/**
 * Opens a conversation in whichever era the server speaks, and reads every page of its tool list.
 * @param progress told the number of tools read so far
 * @throws ScanFailure, with the tools of the pages before
 */
export async function listTools(exchange: Exchange, progress: (tools: number) => void): Promise<ToolListing> {
  const { server, meta } = await open(exchange);
  const tools: JsonNode[] = [];
  try {
    return await readPages(exchange, meta, { server, tools }, progress);
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error;
    throw new ScanFailure(error.status, error.message, { server, tools });
  }
}

async function readPages(exchange: Exchange, meta: object, listing: { readonly server: ServerIdentity; readonly tools: JsonNode[] }, progress: (tools: number) => void): Promise<ToolListing> {
  const { tools } = listing;
  const deadline = performance.now() + MAX_TIMEOUTS * exchange.timeoutMs;
  const cursors = new Set<string>();
  let bytes = 0;
  let cursor: string | null = null;
  for (let page = 1; ; page += 1) {
    const result = resultOf(await exchange.request('tools/list', { ...(cursor === null ? {} : { cursor }), ...meta }), 'tools/list');
    const list = result.get('tools');
    if (list?.kind !== 'array') throw new ScanFailure('protocol_error', 'the answer to tools/list has no list of tools');
    bytes += list.end - list.start;
    for (const tool of list.elements()) tools.push(tool);
    progress(tools.length);
    if (bytes > MAX_BYTES || tools.length > MAX_TOOLS) throw new ScanFailure('too_large', `the server lists more than ${MAX_TOOLS} tools or ${MAX_BYTES / 1_048_576} MB of definitions`);
    const next = result.get('nextCursor');
    if (next === null || next.kind === 'null') return listing;
    cursor = next.text();
    if (cursor === null) throw new ScanFailure('protocol_error', 'the server sent a cursor that is not text');
    if (cursors.has(cursor) || page >= MAX_PAGES || performance.now() > deadline) throw new ScanFailure('endless_list', `the server keeps on sending pages (${page} so far, ${tools.length} tools)`);
    cursors.add(cursor);
  }
}

/** Legacy first: most servers are, and a server of both eras answers it too. */
async function open(exchange: Exchange): Promise<{ server: ServerIdentity; meta: object }> {
  const answer = await exchange.request('initialize', { protocolVersion: LATEST_LEGACY, capabilities: {}, clientInfo: CLIENT });
  if (answer.result !== null) {
    const server = identity(answer.result.get('serverInfo'), answer.result.get('protocolVersion')?.text() ?? null);
    exchange.notify('notifications/initialized');
    if (answer.result.get('capabilities')?.get('tools') === null) throw new ScanFailure('refused', 'the server says that it has no tools');
    return { server, meta: {} };
  }
  const meta = {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': LATEST_MODERN,
      'io.modelcontextprotocol/clientInfo': CLIENT,
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  };
  const discovered = await exchange.request('server/discover', meta);
  if (discovered.result === null) {
    throw new ScanFailure('refused', `the server answers neither initialize (${errorText(answer)}) nor server/discover (${errorText(discovered)})`);
  }
  const info = discovered.result.get('serverInfo') ?? discovered.result.get('_meta')?.get('io.modelcontextprotocol/serverInfo') ?? null;
  return { server: identity(info, LATEST_MODERN), meta };
}

function identity(info: JsonNode | null, protocol: string | null): ServerIdentity {
  return { name: info?.get('name')?.text() ?? null, version: info?.get('version')?.text() ?? null, protocol };
}

function resultOf(answer: Response, method: string): JsonNode {
  if (answer.result !== null) return answer.result;
  throw new ScanFailure('refused', `the server refused ${method}: ${errorText(answer)}`);
}

function errorText(answer: Response): string {
  const code = answer.error?.get('code')?.lexeme() ?? 'no code';
  return `${printable(code, 20)}: ${printable(answer.error?.get('message')?.text() ?? 'no message', 200)}`;
}
