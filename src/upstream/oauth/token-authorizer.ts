import { failure } from '../failure.ts';
import type { UpstreamAuthorizer, UpstreamFailure } from '../types.ts';
import { type BearerChallenge, bearerChallenge } from './challenge.ts';

/** An access token at hand. Times in milliseconds since the epoch. */
export interface AccessToken {
  readonly value: string;
  readonly obtainedAt: number;
  /** Null: the authorization server did not say. */
  readonly expiresAt: number | null;
}

/** Where access tokens come from: the control room keeps them sealed, and renews them. */
export interface TokenSource {
  /**
   * A token that differs from `old`, stored already or newly obtained.
   * @param old the value that does not work any more, or soon; null: any that is valid
   * @param refused whether the server has refused it; otherwise it goes by its age
   */
  obtain(old: string | null, refused: boolean): Promise<AccessToken | UpstreamFailure>;
  /** The server wants more scopes than the token has. @returns what to tell the caller */
  needsMore(challenge: BearerChallenge): Promise<UpstreamFailure>;
}

/** A server that refuses every token must not have us get new ones with every call. */
const REFUSALS_APART_MS = 10_000;
/** After an attempt to renew a token that still works, the next one waits so long. */
const PAUSE_MS = 5_000;
/** A failure is told to all calls of so long a time, so that an agent that asks on and on does not ask an authorization server that is away as often. */
const FAILURE_MS = 1_000;
/** A token with less than this to live may be over when it arrives. */
const LEAST_MS = 2_000;

/**
 * Gives calls their token. While one is at hand nothing is waited for; it is renewed before it ends, by one attempt at a time however many calls
 * there are, and at a moment that differs between processes.
 */
export class TokenAuthorizer implements UpstreamAuthorizer {
  readonly #source: TokenSource;
  readonly #now: () => number;
  #token: AccessToken | null = null;
  #header = '';
  #renewAt = Number.POSITIVE_INFINITY;
  /** When a token was last renewed because the server refused it. */
  #refusedAt = Number.NEGATIVE_INFINITY;
  #failed: { readonly failure: UpstreamFailure; readonly until: number } | null = null;
  #running: Promise<AccessToken | UpstreamFailure> | null = null;
  /** Grows with `forget`, so that an attempt that began before brings nothing old back. */
  #epoch = 0;

  /** @param now milliseconds since the epoch */
  constructor(source: TokenSource, now: () => number = Date.now) {
    this.#source = source;
    this.#now = now;
  }

  header(): string | Promise<string | UpstreamFailure> {
    const token = this.#token;
    if (token === null) return this.#obtain(null);
    const now = this.#now();
    if (now < this.#renewAt) return this.#header;
    if (token.expiresAt !== null && now > token.expiresAt - LEAST_MS) return this.#obtain(token.value);
    // It still works: this call uses it, and the next ones get the new one.
    this.#renewAt = now + PAUSE_MS;
    void this.#obtain(token.value);
    return this.#header;
  }

  async refused(sent: string, status: 401 | 403, challenge: string | null): Promise<string | UpstreamFailure> {
    if (status === 403) return this.#source.needsMore(bearerChallenge(challenge));
    const token = this.#token;
    if (token !== null && this.#header !== sent) return this.#header;
    if (token !== null && this.#now() - this.#refusedAt < REFUSALS_APART_MS) {
      return failure('http_status', 'the upstream does not accept the access token that the gateway has just got for it (HTTP 401)', true, status);
    }
    this.#refusedAt = this.#now();
    return this.#obtain(token?.value ?? null, true);
  }

  /** What was kept is not valid any more: consent was given anew, or taken back. */
  forget(): void {
    this.#epoch += 1;
    this.#failed = null;
    this.#running = null;
    this.#refusedAt = Number.NEGATIVE_INFINITY;
    this.#token = null;
    this.#header = '';
    this.#renewAt = Number.POSITIVE_INFINITY;
  }

  /** What is kept now: a token in memory that differs from it is not used any more. @param value null: nothing */
  keepOnly(value: string | null): void {
    if (this.#token !== null && this.#token.value !== value) this.forget();
  }

  async #obtain(old: string | null, refused = false): Promise<string | UpstreamFailure> {
    if (this.#failed !== null && this.#now() < this.#failed.until) return this.#failed.failure;
    this.#running ??= this.#renew(old, refused);
    const got = await this.#running;
    return 'kind' in got ? got : `Bearer ${got.value}`;
  }

  async #renew(old: string | null, refused: boolean): Promise<AccessToken | UpstreamFailure> {
    const epoch = this.#epoch;
    const got = await this.#source.obtain(old, refused).catch(() => failure('unreachable', 'the gateway cannot get its access token for this upstream now; its log says more', false));
    if (epoch !== this.#epoch) return got;
    this.#running = null;
    this.#failed = 'kind' in got ? { failure: got, until: this.#now() + FAILURE_MS } : null;
    if (!('kind' in got)) this.#keep(got);
    // A token that ended, or that the server refuses, is of no use: the next call asks anew.
    else if (refused || (this.#token?.expiresAt != null && this.#token.expiresAt <= this.#now())) this.#token = null;
    return got;
  }

  #keep(token: AccessToken): void {
    this.#token = token;
    this.#header = `Bearer ${token.value}`;
    this.#renewAt = token.expiresAt === null ? Number.POSITIVE_INFINITY : renewalTime(token.obtainedAt, token.expiresAt, Math.random());
  }
}

/**
 * When to renew a token: in the last tenth of its life, at least half a minute and at most half of its life before the end.
 * @param jitter 0 to 1: how much earlier, up to half as early again
 */
export function renewalTime(obtainedAt: number, expiresAt: number, jitter: number): number {
  const life = Math.max(0, expiresAt - obtainedAt);
  const margin = Math.min(Math.max(30_000, life / 10), life / 2);
  return expiresAt - margin * (1 + jitter / 2);
}
