import type { JsonNode } from '../../../src/wire/json-node.ts';
import { UPSTREAM_LIMITS } from '../../../src/wire/limits.ts';
import { scan } from '../../../src/wire/scan.ts';

export function node(definition: unknown): JsonNode {
  const parsed = scan(Buffer.from(JSON.stringify(definition)), UPSTREAM_LIMITS);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.root;
}

/** A stdio server whose behaviour is the body of `on(message, send)`. */
export function server(body: string): string {
  return `const send = (m) => process.stdout.write(JSON.stringify(m) + '\\n');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => { const message = JSON.parse(line); ${body} });`;
}

export const initialize = "if (message.method === 'initialize') send({ jsonrpc: '2.0', id: message.id, result: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } } });";

/** The answer to `tools/list`: `tools` is JavaScript text. */
export function listing(tools: string): string {
  return `if (message.method === 'tools/list') send({ jsonrpc: '2.0', id: message.id, result: { tools: ${tools} } });`;
}
