import { defineRoute, type Call, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { isEmpty } from '../auth/setup-link.ts';
import { oidcSettings, organisationName } from '../auth/settings.ts';
import { sessionReply } from './session-schemas.ts';
import type { Caller } from '../api/caller.ts';
import type { z } from 'zod';

/** What the dashboard asks first: who am I, how can one sign in. */
export async function describeSession(caller: Caller, csrfToken: string | null, { registry, version }: ControlServices): Promise<z.input<typeof sessionReply>> {
  const [oidc, name, setupNeeded] = [await oidcSettings(registry), await organisationName(registry), await isEmpty(registry)];
  return {
    member: caller.via === 'nobody' ? null : { id: caller.id, name: caller.name, email: caller.email, role: caller.role, serverRoles: caller.serverRoles },
    csrfToken, signIn: { password: true, oidc: oidc?.enabled === true ? { label: oidc.label } : null }, setupNeeded, organisation: { name }, version,
  };
}

export const sessionRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/session', id: 'getSession', summary: 'Who is signed in, and how one signs in', tag: 'session', permission: 'public', reply: sessionReply,
    handle: async (call: Call<unknown, unknown, unknown>, services) => ({ body: await describeSession(call.caller, call.session?.csrfToken ?? null, services) }),
  }),
];
