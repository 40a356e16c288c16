import { z } from 'zod';
import { ROLES } from '../../state/registry/types.ts';

export const role = z.enum(ROLES);
/** Names of servers, as in gateway.yaml. */
export const serverName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/, 'a name of lower-case letters, digits, dots, underscores and hyphens is expected, at most 128 characters');
export const serverRoles = z.record(serverName, role).refine((roles) => Object.keys(roles).length <= 500, 'at most 500 servers');
/** What is shown of people and organisations: one line of readable text. */
export const shownName = z.string().trim().min(1, 'a name is expected').max(120).regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u, 'control characters are not accepted');
/** As browsers take it in a form: ASCII, so that two addresses which look the same are the same (an approver's name is an address). */
export const email = z.string().trim().toLowerCase().max(254).regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/, 'an e-mail address like name@example.com is expected');
export const time = z.string().describe('ISO 8601, UTC');

export const sessionReply = z.object({
  member: z.object({ id: z.string(), name: z.string(), email: z.string(), role: role.nullable(), serverRoles: z.record(z.string(), role) }).nullable(),
  csrfToken: z.string().nullable().describe('goes into the header X-CSRF-Token of everything that changes something'),
  signIn: z.object({ password: z.boolean(), oidc: z.object({ label: z.string() }).nullable() }),
  setupNeeded: z.boolean().describe('nobody can sign in yet: open the link that the gateway printed at its start'),
  organisation: z.object({ name: z.string() }),
  version: z.string(),
});

/** What somebody types to sign in: bounded, because it is worked on before it is known whose it is. */
export const typedPassword = z.string().min(1).max(256);
export const newPassword = z.string().min(12, 'at least 12 characters').max(256, 'at most 256 characters').refine((text) => new Set(text).size >= 5, 'too few different characters');
