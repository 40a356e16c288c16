import { z } from 'zod';
import { OAuthProblem, printable } from './problem.ts';

/**
 * What is read of a registration (RFC 7591 section 3.2.1). `client_secret_expires_at` belongs to every secret, but servers that never let one end
 * leave it out.
 */
const registered = z.object({
  client_id: z.string().regex(/^[\x20-\x7e]{1,2000}$/),
  client_secret: z.string().regex(/^[\x20-\x7e]{1,2000}$/).nullish(),
  client_secret_expires_at: z.number().nonnegative().nullish(),
  token_endpoint_auth_method: z.string().nullish(),
});

export interface Registration {
  readonly clientId: string;
  readonly clientSecret: string | null;
  /** Null: as was asked for. */
  readonly authMethod: string | null;
  /** Seconds since the epoch; 0: never. */
  readonly secretExpiresAt: number;
}

/** Reads the answer to a registration. @throws OAuthProblem */
export async function readRegistration(response: Response): Promise<Registration> {
  const document: unknown = await response.json().catch(() => null);
  if (response.status !== 201 && response.status !== 200) {
    const error = z.object({ error: z.string() }).safeParse(document);
    const why = error.success ? printable(error.data.error) : `HTTP ${response.status}`;
    throw new OAuthProblem(`the authorization server did not register the gateway: it answered ${why}. Register PolicyLayer there and enter its client id`, response.status < 500);
  }
  const read = registered.safeParse(document);
  if (!read.success) throw new OAuthProblem('the authorization server registered the gateway with an answer that is none', false);
  const { client_id: clientId, client_secret: secret, client_secret_expires_at: ends, token_endpoint_auth_method: authMethod } = read.data;
  return { clientId, clientSecret: secret ?? null, authMethod: authMethod ?? null, secretExpiresAt: ends ?? 0 };
}
