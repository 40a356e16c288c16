import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import { KeysUnavailable, type IssuerKeys } from './jwks.ts';

/** What a token must be, besides well signed. */
export interface TokenRules {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly clockSkewMs: number;
  readonly maxTokenAgeMs: number;
}

export type VerifiedToken =
  | { readonly ok: true; readonly claims: JWTPayload; /** Milliseconds since the epoch. */ readonly expiresAt: number }
  /** `unavailable`: nothing can be said now; `text` is for the operator and never holds a part of the token. */
  | { readonly ok: false; readonly why: 'invalid' | 'expired' | 'audience' | 'unavailable'; readonly text: string };

/** Types of what is no access token, although the same issuer has signed it: RFC 9068 section 4, RFC 8725 section 3.11. */
const ACCEPTED_TYPES = new Set(['at+jwt', 'application/at+jwt', 'jwt']);
/** Claims that stand in ID tokens and logout tokens only. */
const FOREIGN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];

/** The `iss` that a token claims, before anything is verified: says only whose keys to ask. Null when it is not a JWT. */
export function claimedIssuer(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}

/**
 * Verifies a JWT access token (O1): signature by the issuer's own keys, algorithm from the allow list, `iss`, `aud`, `exp`, `nbf`, `iat`, and that
 * it is no other kind of token. Never throws.
 * @param now milliseconds since the epoch
 */
export async function verifyAccessToken(token: string, rules: TokenRules, keys: IssuerKeys, now: number): Promise<VerifiedToken> {
  const refuse = (why: 'invalid' | 'expired' | 'audience' | 'unavailable', text: string): VerifiedToken => ({ ok: false, why, text });
  try {
    const { typ } = decodeProtectedHeader(token);
    if (typ !== undefined && !(typeof typ === 'string' && ACCEPTED_TYPES.has(typ.toLowerCase()))) return refuse('invalid', 'the token is of a type that is no access token');
    const { payload } = await jwtVerify(token, (header, input) => keys.key(header, input), {
      issuer: rules.issuer,
      audience: rules.audience,
      algorithms: [...rules.algorithms],
      clockTolerance: rules.clockSkewMs / 1_000,
      maxTokenAge: rules.maxTokenAgeMs / 1_000,
      requiredClaims: ['exp'],
      currentDate: new Date(now),
    });
    const foreign = FOREIGN_CLAIMS.find((name) => Object.hasOwn(payload, name));
    if (foreign !== undefined) return refuse('invalid', `the token has the claim ${foreign}, so it is no access token`);
    return { ok: true, claims: payload, expiresAt: (payload.exp ?? 0) * 1_000 + rules.clockSkewMs };
  } catch (error) {
    if (error instanceof KeysUnavailable) return refuse('unavailable', `the keys of the issuer cannot be had: ${error.message}`);
    if (error instanceof errors.JWTExpired) return refuse('expired', 'the token has expired or is too old');
    if (error instanceof errors.JWTClaimValidationFailed) return refuse(error.claim === 'aud' ? 'audience' : 'invalid', `the claim ${error.claim} is not as it must be`);
    if (error instanceof errors.JOSEError) return refuse('invalid', `the token cannot be verified (${error.code})`);
    return refuse('invalid', 'the token cannot be read');
  }
}
