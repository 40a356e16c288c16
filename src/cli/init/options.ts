import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { CLIENT_IDS, type ClientId } from './clients.ts';
import { dataDirectory, defaultDataDirectory } from '../data-directory.ts';
import { parseDuration } from '../duration.ts';
import { UsageError } from '../usage-error.ts';

/** As the command line gives them. */
export interface InitFlags {
  readonly client?: string;
  readonly config?: string;
  readonly server?: readonly string[];
  /** False for `--no-scan`. */
  readonly scan?: boolean;
  readonly yes?: boolean;
  readonly trustProject?: boolean;
  readonly dryRun?: boolean;
  readonly undo?: boolean;
  readonly force?: boolean;
  readonly timeout?: string;
  readonly data?: string;
  readonly json?: boolean;
}

export interface InitOptions {
  readonly client: ClientId | null;
  /** Absolute, or null. */
  readonly config: string | null;
  readonly servers: readonly string[];
  readonly scan: boolean;
  readonly yes: boolean;
  readonly trustProject: boolean;
  readonly dryRun: boolean;
  readonly undo: boolean;
  readonly force: boolean;
  readonly timeoutMs: number;
  readonly dataDir: string;
  /** The data directory, when `run` would not find it by itself in a client's smaller environment. */
  readonly dataArgument: string | null;
  readonly json: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly cwd: string;
}

/** @throws UsageError */
export function readInitOptions(flags: InitFlags): InitOptions {
  const client = flags.client === undefined ? null : (CLIENT_IDS.find((id) => id === flags.client) ?? null);
  if (flags.client !== undefined && client === null) throw new UsageError('--client is none of the clients that init knows', `expected one of ${CLIENT_IDS.join(', ')}`);
  if (flags.undo === true && (flags.scan === false || flags.server !== undefined)) throw new UsageError('--undo takes back whole files', 'choose them with --client or --config');
  if (flags.force === true && flags.undo !== true) throw new UsageError('--force has an effect with --undo only');
  const dataDir = dataDirectory(flags.data);
  return {
    client,
    config: flags.config === undefined ? null : resolve(flags.config),
    servers: flags.server ?? [],
    scan: flags.scan !== false,
    yes: flags.yes === true,
    trustProject: flags.trustProject === true,
    dryRun: flags.dryRun === true,
    undo: flags.undo === true,
    force: flags.force === true,
    timeoutMs: parseDuration(flags.timeout ?? '30s', '--timeout'),
    dataDir,
    dataArgument: dataDir === defaultDataDirectory({}) ? null : dataDir,
    json: flags.json === true,
    env: process.env,
    platform: process.platform,
    home: homedir(),
    cwd: process.cwd(),
  };
}
