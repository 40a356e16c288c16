import type { UpstreamFailure } from '../../upstream/types.ts';
import { credentialsAskedFor } from './credentials.ts';
import { ScanFailure, type ScanFailureStatus } from './scan-failure.ts';

const STATUS: Readonly<Record<UpstreamFailure['kind'], ScanFailureStatus>> = {
  cannot_start: 'cannot_start',
  exited: 'exited',
  unreachable: 'unreachable',
  closed: 'exited',
  bad_response: 'protocol_error',
  http_status: 'http_status',
  session_expired: 'http_status',
  timeout: 'timeout',
};

/** A failure of the connection as the failure of a scan. */
export function failureOf({ kind, text, status }: UpstreamFailure): ScanFailure {
  if (kind === 'http_status' && (status === 401 || status === 403)) {
    return new ScanFailure('credentials_needed', `the server answered with HTTP ${status}: it wants credentials; add --header-env Authorization=VARIABLE`);
  }
  return new ScanFailure(STATUS[kind], text);
}

/** Where a server that wants credentials ends up: it exits, refuses, or waits for somebody to sign in. */
const MAY_WANT_CREDENTIALS: ReadonlySet<ScanFailureStatus> = new Set(['exited', 'timeout', 'refused', 'garbage', 'protocol_error']);

/**
 * The same failure under its real name when the server said that it lacks credentials.
 * @param written what it wrote to stderr, and its own words in an error
 */
export function explainFailure(failure: ScanFailure, written: string): ScanFailure {
  if (!MAY_WANT_CREDENTIALS.has(failure.status)) return failure;
  const names = credentialsAskedFor(`${written}\n${failure.message}`);
  if (names === null) return failure;
  const named = names.length === 0 ? '' : `: it names ${names.join(', ')}`;
  const how = failure.message.replace(/ \(stderr: [^]*$/, '').replace(/; it wrote something[^]*$/, '');
  return new ScanFailure('credentials_needed', `the server wants credentials before it lists its tools${named}; set them in the environment and scan again (${how})`, failure.partial);
}
