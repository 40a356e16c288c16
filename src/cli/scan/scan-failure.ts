/** How a scan failed, as a stable name for `--json` and one line for people. */
export type ScanFailureStatus = 'cannot_start' | 'exited' | 'timeout' | 'unreachable' | 'http_status' | 'protocol_error' | 'refused' | 'endless_list' | 'too_large' | 'bad_definitions';

export class ScanFailure extends Error {
  override readonly name = 'ScanFailure';
  readonly status: ScanFailureStatus;

  constructor(status: ScanFailureStatus, message: string) {
    super(message);
    this.status = status;
  }
}
