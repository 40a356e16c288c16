import { z } from 'zod';
import type { ServerConfig } from '../../gateway/config-types.ts';
import type { ScanDefinition } from '../../state/registry/types.ts';
import { ApiProblem, notFound } from '../api/problem.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { auditOf } from '../auth/audit-entry.ts';
import { scanOnce } from '../scan/scan-desk.ts';
import { shownScan, starterText } from '../scan/scanned-tools.ts';
import { plainName, serverParams } from '../servers/schemas.ts';

const toolParams = z.strictObject({ server: plainName, tool: z.string().min(1).max(4_096) });
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 as 64 hexadecimal digits');

const toolReply = z.object({
  name: z.string(), title: z.string().nullable(), description: z.string().nullable(), category: z.string(), risk: z.string(), confidence: z.enum(['low', 'medium', 'high']),
  signals: z.array(z.string()), findings: z.array(z.string()), evidence: z.array(z.object({ place: z.string(), pointer: z.string(), term: z.string(), suggests: z.string() })),
  inputSchema: z.unknown().describe('as the server wrote it'), annotations: z.unknown().describe('as the server wrote it'),
  contextTokens: z.int(), pin: z.enum(['pinned', 'noted', 'held']).nullable(), catalogueUrl: z.string().nullable(),
});
const scanReply = z.object({ at: z.string().nullable(), status: z.string(), problem: z.string().nullable(), contextTokens: z.int().nullable(), tools: z.array(toolReply) });
const pinReply = z.object({
  server: z.string(), name: z.string(), firstSeen: z.string(), lastSeen: z.string(),
  definitions: z.array(z.object({ hash: z.string(), standing: z.enum(['pinned', 'noted', 'held']), text: z.string().nullable(), why: z.array(z.string()), decidedBy: z.string().nullable(), firstSeen: z.string() })),
});

/** The server as it is in force. @throws ApiProblem */
function serverInForce(name: string, services: ControlServices): ServerConfig {
  const server = services.config().servers.get(name);
  if (server !== undefined) return server;
  const problem = services.effective().problems.find((one) => one.kind === 'server' && one.name === name);
  throw new ApiProblem('conflict', `the server is not in force: ${problem?.text ?? 'it is switched off'}`);
}

/** @throws ApiProblem when there is no such server */
async function demandServer(name: string, services: ControlServices): Promise<{ readonly trusted: boolean; readonly scan: ScanDefinition | null }> {
  const own = services.effective().file.config.servers.get(name);
  const stored = own === undefined ? await services.registry.get('server', name) : null;
  if (own === undefined && stored === null) throw notFound('server');
  return { trusted: own?.trustedAnnotations ?? stored?.value.trustedAnnotations ?? false, scan: (await services.registry.get('scan', name))?.value ?? null };
}

export const serverToolRoutes: readonly Route[] = [
  defineRoute({
    method: 'post', path: '/servers/{server}/scan', id: 'scanServer', summary: 'Start (or reach) the server, list its tools, and end it; no tool is called', tag: 'servers', permission: 'servers.write', params: serverParams, reply: scanReply,
    handle: async (call, services) => {
      const { server: name } = call.params;
      const { trusted } = await demandServer(name, services);
      const scan = await scanOnce(serverInForce(name, services), services.now);
      const audit = auditOf(call, { action: 'server.scan', kind: 'server', name, summary: scan.problem === null ? `scanned the server ${name}` : `scanned the server ${name}: ${scan.status}` });
      await services.registry.apply([{ op: 'put', kind: 'scan', name, value: scan }], [audit]);
      return { body: shownScan(name, scan, services.state, trusted) };
    },
  }),
  defineRoute({
    method: 'get', path: '/servers/{server}/tools', id: 'listTools', summary: 'The tools of a server with their classes, from its last scan or from its use', tag: 'servers', permission: 'read', params: serverParams, reply: scanReply,
    handle: async (call, services) => {
      const { trusted, scan } = await demandServer(call.params.server, services);
      return { body: shownScan(call.params.server, scan, services.state, trusted) };
    },
  }),
  defineRoute({
    method: 'get', path: '/servers/{server}/starter-policy', id: 'getStarterPolicy', summary: 'A policy to begin with: a rule for every known tool', tag: 'servers', permission: 'read', params: serverParams, reply: z.object({ text: z.string() }),
    handle: async (call, services) => {
      const { trusted, scan } = await demandServer(call.params.server, services);
      const text = starterText(call.params.server, scan, services.state, trusted);
      if (text === null) throw new ApiProblem('conflict', 'no tool of this server is known yet: scan it first');
      return { body: { text } };
    },
  }),
  defineRoute({
    method: 'get', path: '/servers/{server}/tools/{tool}/pin', id: 'getPin', summary: 'The definitions of a tool that were seen, and how each stands', tag: 'servers', permission: 'read', params: toolParams, reply: pinReply,
    handle: async (call, services) => {
      await demandServer(call.params.server, services);
      const record = services.state.pins.record(call.params.server, call.params.tool);
      if (record === null) throw notFound('tool');
      return { body: { ...record, definitions: record.definitions.map((one) => ({ ...one, why: [...one.why] })) } };
    },
  }),
  defineRoute({
    method: 'post', path: '/servers/{server}/tools/{tool}/accept', id: 'acceptDefinition', summary: 'Accept a definition that was held; `also` keeps the one before beside it', tag: 'servers', permission: 'policies.write', params: toolParams,
    body: z.strictObject({ hash, also: z.boolean().default(false) }), reply: pinReply,
    handle: async (call, services) => {
      const { server, tool } = call.params;
      await demandServer(server, services);
      const result = services.state.pins.accept(server, tool, call.body.hash, call.caller.email, call.body.also);
      if (!result.ok && result.why === 'changed') throw new ApiProblem('conflict', `the tool was changed again since you looked: the newest definition is ${result.newest}. Look at it first`);
      if (!result.ok && result.why === 'already_pinned') throw new ApiProblem('conflict', 'this definition is accepted already');
      if (!result.ok) throw notFound(result.why === 'no_pin' ? 'tool' : 'definition');
      await services.registry.addAudit(auditOf(call, { action: 'tool.accept', kind: 'server', name: server, summary: `accepted the definition of ${tool.slice(0, 200)}`, after: { tool: tool.slice(0, 200), hash: call.body.hash, also: call.body.also } }));
      return { body: { ...result.record, definitions: result.record.definitions.map((one) => ({ ...one, why: [...one.why] })) } };
    },
  }),
];
