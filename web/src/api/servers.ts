import { apiPath, get, getVersioned, post } from './client.ts';
import { queryClient } from './query-client.ts';
import type { Pin, Scan, Server } from './types.ts';

export const serverQuery = (name: string) => ({ queryKey: ['servers', 'one', name], queryFn: ({ signal }: { signal: AbortSignal }) => getVersioned<Server>(apiPath('servers', name), signal) }) as const;
export const toolsQuery = (name: string) => ({ queryKey: ['servers', 'tools', name], queryFn: ({ signal }: { signal: AbortSignal }) => get<Scan>(`${apiPath('servers', name)}/tools`, undefined, signal), staleTime: 60_000 }) as const;
export const pinQuery = (server: string, tool: string) => ({ queryKey: ['servers', 'pin', server, tool], queryFn: ({ signal }: { signal: AbortSignal }) => get<Pin>(`${apiPath('servers', server)}${apiPath('tools', tool)}/pin`, undefined, signal) }) as const;

/** Starts or reaches the server and lists its tools; calls none. @throws ApiProblem */
export async function scanServer(name: string): Promise<Scan> {
  const scan = await post<Scan>(`${apiPath('servers', name)}/scan`);
  queryClient.setQueryData(toolsQuery(name).queryKey, scan);
  void queryClient.invalidateQueries({ queryKey: ['servers'], refetchType: 'active', predicate: ({ queryKey }) => queryKey[1] !== 'tools' });
  return scan;
}

/** @throws ApiProblem */
export async function acceptDefinition(server: string, tool: string, hash: string, also: boolean): Promise<void> {
  await post(`${apiPath('servers', server)}${apiPath('tools', tool)}/accept`, { hash, also });
  await Promise.all([queryClient.invalidateQueries({ queryKey: ['servers'] }), queryClient.invalidateQueries({ queryKey: ['overview'] }), queryClient.invalidateQueries({ queryKey: ['held'] })]);
}
