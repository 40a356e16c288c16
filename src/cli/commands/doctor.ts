import { checkClock, checkConfiguration, checkDatabase, checkDataDirectory, checkNode, checkPolicies, type Check } from '../doctor/checks.ts';
import { checkCommands, checkPort } from '../doctor/machine.ts';
import { findConfig, locate } from '../config/locate.ts';
import { styleFor } from '../terminal.ts';

export interface DoctorOptions {
  readonly config?: string;
  readonly policy?: readonly string[];
  readonly data?: string;
  readonly json?: boolean;
}

/** `policylayer doctor`. Changes nothing. @returns 1 when a check failed */
export async function doctor(options: DoctorOptions): Promise<number> {
  const config = findConfig(options.config);
  const { dataDir } = await locate(options);
  const checks: Check[] = [checkNode(), await checkDatabase(), ...(await checkDataDirectory(dataDir)), await checkClock(dataDir)];
  const configuration = config === null ? null : await checkConfiguration(config, options.data === undefined ? undefined : dataDir);
  if (configuration !== null) checks.push(...configuration.checks);
  checks.push(...(await checkPolicies(options.policy ?? [])));
  if (configuration?.config != null) {
    checks.push(...checkCommands(configuration.config));
    checks.push(await checkPort(configuration.config, dataDir));
  }
  const failed = checks.some((check) => check.level === 'fail');
  if (options.json === true) process.stdout.write(`${JSON.stringify({ ok: !failed, checks })}\n`);
  else process.stdout.write(`${render(checks).join('\n')}\n`);
  return failed ? 1 : 0;
}

function render(checks: readonly Check[]): string[] {
  const style = styleFor(process.stdout);
  const mark = { ok: style.green('ok  '), warn: style.yellow('warn'), fail: style.red('fail') };
  const lines = checks.flatMap((check) => [`${mark[check.level]}  ${check.name.padEnd(10)} ${check.message}`, ...(check.help === null ? [] : [`                 ${style.dim(check.help)}`])]);
  const count = (level: Check['level']): number => checks.filter((check) => check.level === level).length;
  return [...lines, '', `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`];
}
