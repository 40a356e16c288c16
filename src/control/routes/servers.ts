import { z } from 'zod';
import type { Change, Stored } from '../../state/registry/types.ts';
import { cutPage, pageOf, pageQuery, readCursor } from '../api/paging.ts';
import { ApiProblem, notFound } from '../api/problem.ts';
import { ANYWHERE, defineRoute, type Call, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { auditOf, changedFields } from '../auth/audit-entry.ts';
import { allRecords, save } from '../config/save.ts';
import { newServerBody, serverBody, serverParams, serverReply, type ServerReply } from '../servers/schemas.ts';
import { demandSameProgram } from '../servers/program.ts';
import { shownServers } from '../servers/view.ts';
import { storedSecrets, writeServer } from '../servers/write.ts';

/** @throws ApiProblem */
export function refuseOwned(services: ControlServices, name: string): void {
  if (services.owned().servers.has(name)) throw new ApiProblem('owned_by_file', `the server ${name} is written in gateway.yaml: change it there`);
}

async function shownServer(name: string, services: ControlServices, { caller }: Pick<Call<unknown, unknown, unknown>, 'caller'>): Promise<ServerReply> {
  const [server] = await shownServers(services, caller, name);
  if (server === undefined) throw notFound('server');
  return server;
}

async function storedServer(name: string, services: ControlServices): Promise<Stored<'server'>> {
  refuseOwned(services, name);
  const stored = await services.registry.get('server', name);
  if (stored === null) throw notFound('server');
  return stored;
}

/** The version that a change is for: what If-Match says; `*` is whatever is there. */
export function expected(ifMatch: number | null | undefined, stored: { readonly version: number }): number {
  return ifMatch ?? stored.version;
}


export const serverRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/servers', id: 'listServers', summary: 'The servers that you may see', tag: 'servers', permission: 'read', scope: () => ANYWHERE,
    query: z.strictObject(pageQuery), reply: pageOf(serverReply),
    handle: async (call, services) => {
      const after = readCursor('servers', call.query.cursor, 'string') ?? '';
      const all = (await shownServers(services, call.caller)).filter(({ name }) => name > after);
      return { body: cutPage('servers', all, call.query.limit, ({ name }) => name) };
    },
  }),
  defineRoute({
    method: 'post', path: '/servers', id: 'createServer', summary: 'Register a server', tag: 'servers', permission: 'servers.write', scope: () => null,
    body: newServerBody, reply: serverReply,
    handle: async (call, services) => {
      const { name, ...body } = call.body;
      refuseOwned(services, name);
      const { value, changes } = writeServer(name, body, null, { box: services.secrets, guard: services.guard, stored: await storedSecrets(services.registry, name) });
      const audit = auditOf(call, { action: 'server.create', kind: 'server', name, summary: `registered the server ${name}`, after: value });
      await save(services, [{ op: 'put', kind: 'server', name, value, expect: null }, ...changes], [audit], { what: 'server', guarded: false });
      const server = await shownServer(name, services, call);
      return { status: 201, body: server, version: server.version, location: `/api/v1/servers/${name}` };
    },
  }),
  defineRoute({
    method: 'get', path: '/servers/{server}', id: 'getServer', summary: 'One server', tag: 'servers', permission: 'read', params: serverParams, reply: serverReply,
    handle: async (call, services) => {
      const server = await shownServer(call.params.server, services, call);
      return { body: server, version: server.version };
    },
  }),
  defineRoute({
    method: 'put', path: '/servers/{server}', id: 'replaceServer', summary: 'Change a server', tag: 'servers', permission: 'servers.write', params: serverParams, body: serverBody, reply: serverReply, needsIfMatch: true,
    handle: async (call, services) => {
      const { server: name } = call.params;
      const stored = await storedServer(name, services);
      demandSameProgram(stored.value, call.body, call.caller);
      const { value, changes } = writeServer(name, call.body, stored.value, { box: services.secrets, guard: services.guard, stored: await storedSecrets(services.registry, name) });
      const secrets = changes.length === 0 ? '' : ', with its secrets';
      const audit = auditOf(call, { action: 'server.change', kind: 'server', name, summary: `changed the server ${name}${secrets}`, ...changedFields(stored.value, value) });
      await save(services, [{ op: 'put', kind: 'server', name, value, expect: expected(call.ifMatch, stored) }, ...changes], [audit], { what: 'server', guarded: true });
      const server = await shownServer(name, services, call);
      return { body: server, version: server.version };
    },
  }),
  defineRoute({
    method: 'delete', path: '/servers/{server}', id: 'deleteServer', summary: 'Remove a server, with `force` its grants as well', tag: 'servers', permission: 'servers.write', params: serverParams,
    query: z.strictObject({ force: z.enum(['true', 'false']).optional() }), reply: z.undefined(), needsIfMatch: true,
    handle: async (call, services) => {
      const { server: name } = call.params;
      const stored = await storedServer(name, services);
      const grants = (await allRecords(services.registry, 'grant')).filter(({ value }) => value.server === name);
      // A grant that outlives its server would let its holder into whatever is registered under this name next.
      if (grants.length > 0 && call.query.force !== 'true') throw new ApiProblem('conflict', `the server has ${grants.length} ${grants.length === 1 ? 'grant' : 'grants'}: remove them first, or add ?force=true to remove them too`);
      const secrets = [...(await services.registry.secretNames(`server/${name}/`)), ...(await services.registry.secretNames(`upstream_auth/${name}/`))];
      const changes: Change[] = [
        { op: 'delete', kind: 'server', name, expect: expected(call.ifMatch, stored) },
        ...grants.map((grant): Change => ({ op: 'delete', kind: 'grant', name: grant.name, expect: grant.version })),
        { op: 'delete', kind: 'scan', name }, { op: 'delete', kind: 'upstream_auth', name },
        ...secrets.map((secret): Change => ({ op: 'unseal', name: secret.name })),
      ];
      const audit = [
        auditOf(call, { action: 'server.remove', kind: 'server', name, summary: `removed the server ${name}`, before: stored.value }),
        ...grants.map((grant) => auditOf(call, { action: 'grant.remove', kind: 'grant', name: grant.name, summary: `removed the grant ${grant.name} with its server` })),
      ];
      await save(services, changes, audit, { what: 'server', guarded: true });
      services.state.pins.forget(name, null, call.caller.name);
      return { status: 204, body: undefined };
    },
  }),
];
