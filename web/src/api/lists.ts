import { getAll } from './client.ts';
import type { Grant, Policy, Server } from './types.ts';

// Whole lists: their tables sort and filter in the browser, and other pages choose from them.
export const serversQuery = { queryKey: ['servers'], queryFn: ({ signal }: { signal: AbortSignal }) => getAll<Server>('/servers', {}, signal) } as const;
export const policiesQuery = { queryKey: ['policies'], queryFn: ({ signal }: { signal: AbortSignal }) => getAll<Policy>('/policies', {}, signal) } as const;
export const grantsQuery = { queryKey: ['grants'], queryFn: ({ signal }: { signal: AbortSignal }) => getAll<Grant>('/grants', {}, signal) } as const;
