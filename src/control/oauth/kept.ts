import { z } from 'zod';

/** How the gateway is known to the authorization server of one MCP server. Kept sealed: it may hold a client secret. */
export const keptClient = z.object({
  /** The issuer that knows this client; null until the first consent. It is never shown to another one. */
  issuer: z.string().nullable(),
  clientId: z.string(),
  clientSecret: z.string().nullable(),
  /** How it authenticates, where registration said so. */
  authMethod: z.string().nullable(),
  /** `given` by an administrator, registered `dynamic`ally, or the address of our metadata `document`. */
  origin: z.enum(['given', 'dynamic', 'document']),
  /** The redirect address that it was registered with; null where we do not know. */
  redirectUri: z.string().nullable(),
  /** Seconds since the epoch when the secret ends; 0: never. */
  secretExpiresAt: z.number(),
  /** What an administrator wants to be asked for; null: what the server says. */
  scopes: z.array(z.string()).nullable(),
  grant: z.enum(['authorization_code', 'client_credentials']),
});
export type KeptClient = z.infer<typeof keptClient>;

/** Tokens of one consent, with everything that they are bound to. */
export const keptTokens = z.object({
  issuer: z.string(),
  /** `resource` of RFC 8707. */
  resource: z.string(),
  /** The MCP server's address: tokens are sent to no other. */
  server: z.string(),
  clientId: z.string(),
  accessToken: z.string(),
  refreshToken: z.string().nullable(),
  /** Milliseconds since the epoch. */
  obtainedAt: z.number(),
  expiresAt: z.number().nullable(),
  scopes: z.array(z.string()),
});
export type KeptTokens = z.infer<typeof keptTokens>;

/** The right to renew the tokens, held by one process at a time. */
export const keptLease = z.object({ holder: z.string(), until: z.number() });
export type KeptLease = z.infer<typeof keptLease>;
