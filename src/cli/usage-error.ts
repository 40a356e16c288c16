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

/**
 * What the system refused (a directory that cannot be made, a file that cannot be written) as a usage error; null for a mistake of
 * our own, which must keep its stack.
 */
export function systemError(error: unknown): UsageError | null {
  if (!(error instanceof Error)) return null;
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return null;
  return new UsageError(`the system refused ${syscall}${path === undefined ? '' : ` of ${path}`} (${code})`, 'check the path and its permissions, or choose another directory with --data');
}
