/** The command line or a configuration is wrong: the message goes to stderr and the exit status is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** What to do; printed on a line of its own. */
  readonly help: string | null;

  constructor(message: string, help: string | null = null) {
    super(message);
    this.help = help;
  }
}

/** Errors as two short lines on stderr. */
export function printUsageError(error: UsageError): void {
  process.stderr.write(`policylayer: ${error.message}\n${error.help === null ? '' : `  help: ${error.help}\n`}`);
}
