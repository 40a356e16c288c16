// A process of its own for backup.test.ts: node state-command.mjs COMMAND FLAGS(JSON). libsql keeps a connection that was closed until its process ends.
import { backup } from '../../src/cli/commands/backup.ts';
import { restore } from '../../src/cli/commands/restore.ts';
import { verify } from '../../src/cli/commands/verify.ts';
import { printUsageError, UsageError } from '../../src/cli/usage-error.ts';

const [command = '', flags = '{}'] = process.argv.slice(2);
const given = JSON.parse(flags) as never;
try {
  process.exitCode = command === 'backup' ? await backup(given) : command === 'restore' ? await restore(given) : await verify(given);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  printUsageError(error);
  process.exitCode = 2;
}
