import * as oauth from 'oauth4webapi';
import { GuardedFetchError } from '../../upstream/guarded-fetch.ts';

/** Something about the OAuth of a server that an operator can do something about. The message is for people and holds no secret. */
export class OAuthProblem extends Error {
  /** `final`: trying again changes nothing. */
  readonly final: boolean;
  /** Error code of the authorization server, where it gave one. */
  readonly error: string | null;

  constructor(message: string, final: boolean, error: string | null = null) {
    super(message);
    this.final = final;
    this.error = error;
  }
}

/** What an authorization server wrote, fit to be shown: one line of printable ASCII, bounded. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200);
}

/** Says what went wrong in a request to an authorization server. @param task `the token could not be renewed` */
export function problemOf(error: unknown, task: string): OAuthProblem {
  if (error instanceof OAuthProblem) return error;
  if (error instanceof GuardedFetchError) return new OAuthProblem(`${task}: ${error.message.replaceAll('the upstream', 'the authorization server')}`, false);
  if (error instanceof oauth.ResponseBodyError) {
    const final = error.status >= 400 && error.status < 500 && error.status !== 429 && error.error !== 'temporarily_unavailable' && error.error !== 'server_error';
    return new OAuthProblem(`${task}: the authorization server answered ${printable(error.error)}`, final, printable(error.error));
  }
  if (error instanceof oauth.AuthorizationResponseError) return new OAuthProblem(`${task}: the authorization server answered ${printable(error.error)}`, true, printable(error.error));
  if (error instanceof oauth.WWWAuthenticateChallengeError) return new OAuthProblem(`${task}: the authorization server does not accept this client (HTTP ${error.status})`, error.status === 401, 'invalid_client');
  if (error instanceof oauth.OperationProcessingError) return new OAuthProblem(`${task}: its answer was not accepted (${printable(error.message)})`, false);
  return new OAuthProblem(`${task}: unexpected answer`, false);
}

/** True when the address guard was in the way: an administrator can change that. */
export function isTargetRefused(problem: OAuthProblem): boolean {
  return /may not (?:call|be called|be used)/.test(problem.message);
}
