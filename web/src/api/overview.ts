import { get } from './client.ts';
import type { Overview } from './types.ts';

/** Renewed by live events; now and then by itself, for the numbers that no event tells. */
export const overviewQuery = { queryKey: ['overview'], queryFn: ({ signal }: { signal: AbortSignal }) => get<Overview>('/overview', undefined, signal), refetchInterval: 60_000 } as const;
