import type { ServerConfig } from '../../../src/gateway/config-types.ts';
import { World } from '../harness.ts';

/** Definitions as a server would list them. */
export const TICKETS = ['get_ticket', 'list_tickets', 'create_ticket', 'delete_ticket', 'refund_payment', 'run_script'].map((name) => ({
  name, description: `${name.replace('_', ' ')} of the help desk`, inputSchema: { type: 'object', properties: { id: { type: 'string' }, amount: { type: 'number' } } },
  annotations: { readOnlyHint: /^(get|list)/.test(name), destructiveHint: name.startsWith('delete') },
}));

export function serverOf(name: string): ServerConfig {
  return { name, upstream: { kind: 'http', spec: { url: new URL('http://127.0.0.1:9/mcp'), headers: {} } }, isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'off', edge: null };
}

/** A control plane with two servers, of which one was scanned. */
export async function startWorld(): Promise<World> {
  const world = await World.start({ servers: new Map(['tickets', 'other'].map((name) => [name, serverOf(name)])) });
  await scanned(world, 'tickets', TICKETS);
  return world;
}

export async function scanned(world: World, server: string, tools: readonly object[]): Promise<void> {
  const value = { at: new Date().toISOString(), status: 'ok', problem: null, result: { server: { name: null, version: null, protocol: null }, toolCount: tools.length, contextTokens: 1, definitions: tools.map((tool) => JSON.stringify(tool)) } };
  await world.registry.apply([{ op: 'put', kind: 'scan', name: server, value }], []);
}
