import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayConfig } from '../../gateway/config-types.ts';
import { formatDiagnostic } from '../../policy/index.ts';
import { databasePath, openState, openStateReader } from '../../state/open.ts';
import { loadGateway } from '../config/load.ts';
import { loadPolicyFiles, policyName } from '../policy-files.ts';

/** One line of `doctor`. `help` says what to do about it. */
export interface Check {
  readonly name: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly help: string | null;
}

export function ok(name: string, message: string): Check {
  return { name, level: 'ok', message, help: null };
}

export function warn(name: string, message: string, help: string | null = null): Check {
  return { name, level: 'warn', message, help };
}

export function fail(name: string, message: string, help: string | null = null): Check {
  return { name, level: 'fail', message, help };
}

const HAS_MODES = process.platform !== 'win32';

export function checkNode(text: string = process.versions.node): Check {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return ok('node', `Node ${text}`);
  return fail('node', `Node ${text} is too old`, 'install Node 20.19 or newer');
}

/** Opens a real database in a directory of its own. */
export async function checkDatabase(): Promise<Check> {
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-doctor-'));
  try {
    const state = await openState({ path: join(directory, 'check.db') });
    // Closing is a promise for engines that need one.
    await Promise.resolve(state.close());
    return ok('database', 'a database can be opened');
  } catch (error) {
    return fail('database', (error as Error).message, 'reinstall with `npm ci`; Node 22.13 and newer have SQLite built in');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function checkDataDirectory(dataDir: string): Promise<Check[]> {
  const stats = statSync(dataDir, { throwIfNoEntry: false });
  if (stats === undefined) return [ok('data', `${dataDir} does not exist yet; it is made at the first start`)];
  if (!stats.isDirectory()) return [fail('data', `${dataDir} is not a directory`, 'choose another one with --data')];
  const checks: Check[] = [];
  if (HAS_MODES && (stats.mode & 0o022) !== 0) checks.push(fail('data', `${dataDir} can be written by other users (mode ${(stats.mode & 0o777).toString(8)})`, `chmod 700 ${dataDir}`));
  else if (HAS_MODES && (stats.mode & 0o055) !== 0) checks.push(warn('data', `${dataDir} can be read by other users (mode ${(stats.mode & 0o777).toString(8)})`, `chmod 700 ${dataDir}`));
  else checks.push(ok('data', dataDir));
  const path = databasePath(dataDir);
  if (!existsSync(path)) return checks;
  try {
    const reader = await openStateReader({ path });
    const { first, last } = reader.ends();
    reader.close();
    checks.push(ok('journal', `${last === 0 ? 0 : last - first + 1} rows in ${path}`));
  } catch (error) {
    checks.push(fail('journal', (error as Error).message));
  }
  return checks;
}

/** A clock that runs behind what was already recorded makes limits wait until it has caught up. */
export async function checkClock(dataDir: string, now: number = Date.now()): Promise<Check> {
  // Nothing of this program can be older than the program itself.
  const built = statSync(new URL(import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (now < built - 86_400_000) return fail('clock', `the clock says ${new Date(now).toISOString()}, which is before this program was installed`, 'set the clock');
  const path = databasePath(dataDir);
  if (!existsSync(path)) return ok('clock', new Date(now).toISOString());
  try {
    const reader = await openStateReader({ path });
    const [newest] = reader.query({ order: 'desc', limit: 1 });
    reader.close();
    const ahead = newest === undefined ? 0 : Date.parse(newest.at) - now;
    if (ahead > 60_000) return warn('clock', `the newest journal row is ${Math.round(ahead / 1_000)} s in the future`, 'the clock was set back; limits hold until it has caught up');
  } catch {
    // `journal` reports a database that cannot be read.
  }
  return ok('clock', new Date(now).toISOString());
}

/** Loads the configuration with all its policies, and makes no token. */
export async function checkConfiguration(path: string, dataDir: string | undefined): Promise<{ readonly checks: Check[]; readonly config: GatewayConfig | null }> {
  const loaded = await loadGateway(path, { env: process.env, dataDir, mint: false });
  if (!loaded.ok) return { checks: loaded.diagnostics.map((diagnostic) => (diagnostic.severity === 'error' ? fail : warn)('config', formatDiagnostic(diagnostic))), config: null };
  const { servers, grants } = loaded.config;
  const summary = ok('config', `${path}: ${servers.size} servers, ${grants.length} grants, ${loaded.files.length - 1} policies`);
  return { checks: [summary, ...loaded.warnings.map((diagnostic) => warn('config', formatDiagnostic(diagnostic)))], config: loaded.config };
}

export async function checkPolicies(paths: readonly string[]): Promise<Check[]> {
  const checks: Check[] = [];
  for (const path of paths) {
    const result = await loadPolicyFiles([{ name: policyName(path), path }], null);
    if (result.ok) checks.push(ok('policy', `${path} is valid`));
    else checks.push(...result.errors.map((diagnostic) => fail('policy', formatDiagnostic(diagnostic))));
    checks.push(...result.warnings.map((diagnostic) => warn('policy', formatDiagnostic(diagnostic))));
  }
  return checks;
}
