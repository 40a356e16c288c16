import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { get, onSessionEnd, post, remove, setCsrfToken } from './client.ts';
import { may, reasonWhyNot, type Permission } from './permissions.ts';
import { queryClient } from './query-client.ts';
import type { Me, Session } from './types.ts';

export const sessionQuery = {
  queryKey: ['session'],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Session> => {
    const session = await get<Session>('/session', undefined, signal);
    setCsrfToken(session.csrfToken);
    return session;
  },
  staleTime: 5 * 60_000,
} as const;

onSessionEnd(() => void queryClient.invalidateQueries({ queryKey: ['session'] }));

export function useSession(): UseQueryResult<Session> {
  return useQuery(sessionQuery);
}

/** Who is signed in; null before that. */
export function useMe(): Me | null {
  return useSession().data?.member ?? null;
}

/** @param server see `may` */
export function useMay(permission: Permission, server?: string | null): boolean {
  return may(useMe(), permission, server);
}

/** Null when the person may; else why not, for a tooltip. */
export function useWhyNot(permission: Permission, server?: string | null): string | null {
  return reasonWhyNot(useMe(), permission, server);
}

function enter(session: Session): void {
  // Another person's rows must not be seen by the next one.
  queryClient.clear();
  setCsrfToken(session.csrfToken);
  queryClient.setQueryData(['session'], session);
}

/** @throws ApiProblem */
export async function signIn(email: string, password: string): Promise<void> {
  enter(await post<Session>('/session', { email, password }));
}

/** What a one-time link is for, and for whom: a setup link is for nobody yet. */
export interface LinkPurpose {
  readonly purpose: 'setup' | 'invite' | 'reset';
  readonly name: string | null;
  readonly email: string | null;
  readonly expiresAt: string;
}

/** Asks what a link is for, without using it up. @throws ApiProblem */
export async function checkLink(secret: string): Promise<LinkPurpose> {
  return post<LinkPurpose>('/session/link/check', { secret });
}

/** Redeems a link of setup, invitation or reset. @throws ApiProblem */
export async function redeemLink(body: { readonly secret: string; readonly password?: string; readonly name?: string; readonly email?: string }): Promise<void> {
  enter(await post<Session>('/session/link', body));
}

/** @param everywhere every session of this member, not only this one. @throws ApiProblem */
export async function signOut(everywhere = false): Promise<void> {
  await remove(everywhere ? '/sessions' : '/session');
  queryClient.clear();
  setCsrfToken(null);
  await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
}
