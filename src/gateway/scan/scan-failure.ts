import type { ToolListing } from './list-tools.ts';

/** How a scan failed, as a stable name for `--json` and one line for people. */
export type ScanFailureStatus =
  | 'cannot_start'
  | 'exited'
  | 'timeout'
  /** Never answered, and wrote what is no message: a banner, a log, another protocol. */
  | 'garbage'
  /** Ended, refused or kept waiting because it has no credentials. */
  | 'credentials_needed'
  | 'unreachable'
  | 'http_status'
  | 'protocol_error'
  | 'refused'
  | 'endless_list'
  | 'too_large'
  | 'interrupted'
  | 'bad_definitions';

export class ScanFailure extends Error {
  override readonly name = 'ScanFailure';
  readonly status: ScanFailureStatus;
  /** What the server had listed before it failed; null when it had not come so far. */
  readonly partial: ToolListing | null;

  constructor(status: ScanFailureStatus, message: string, partial: ToolListing | null = null) {
    super(message);
    this.status = status;
    this.partial = partial;
  }
}
