import { styleFor, widthOf } from '../terminal.ts';
import { printedJson } from '../printed-json.ts';
import { readInitOptions, type InitFlags } from '../init/options.ts';
import { InitReport } from '../init/report.ts';
import { runInit } from '../init/run-init.ts';
import { runUndo } from '../init/run-undo.ts';

export type { InitFlags } from '../init/options.ts';

/**
 * `policylayer init`: puts PolicyLayer between the MCP clients of this machine and their servers, and takes it back.
 * @returns the exit status: 0 done, 2 when something could not be done
 * @throws UsageError
 */
export async function init(flags: InitFlags): Promise<number> {
  const options = readInitOptions(flags);
  const report = new InitReport(options.json ? null : process.stdout, widthOf(process.stdout), styleFor(process.stdout));
  const status = options.undo ? runUndo(options, report) : await runInit(options, report);
  if (options.json) process.stdout.write(`${printedJson(report.result(status))}\n`);
  return status;
}
