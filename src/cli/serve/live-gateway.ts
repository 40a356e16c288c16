import { resolve } from 'node:path';
import type { GatewayConfig, ListenAddress } from '../../gateway/config-types.ts';
import { formatDiagnostic } from '../../policy/index.ts';
import { formatAddress } from '../config/listen-address.ts';
import { isLoopback } from '../../gateway/checks/loopback.ts';
import { emptyGateway, loadGateway, type LoadedGateway } from '../config/load.ts';
import type { MintedToken } from '../config/minted-tokens.ts';
import { defaultDataDirectory } from '../data-directory.ts';
import { UsageError } from '../usage-error.ts';
import { watchFiles } from '../watch-files.ts';

export interface LiveOptions {
  /** Of gateway.yaml; null for a gateway without one. */
  readonly path: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; needed without a file. */
  readonly dataDir: string | undefined;
  readonly listen: ListenAddress | undefined;
  readonly insecureListen: boolean;
  readonly log: (line: string) => void;
}

export type Loaded = Extract<LoadedGateway, { ok: true }>;

/**
 * What the files of one gateway say, kept up to date with them. A version with an error is reported and never used. Watching
 * begins before the first read, so an edit in between is not lost.
 */
export class LiveConfiguration {
  readonly #options: LiveOptions;
  #unwatch: () => void;
  #watched: string;
  #apply: ((loaded: Loaded) => Promise<void>) | null = null;
  #current: GatewayConfig | null = null;
  #dirty = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#watched = '';
    this.#unwatch = () => undefined;
    if (options.path !== null) this.#watch([resolve(options.path)]);
  }

  /** The first load. All diagnostics go to stderr. @returns null when there was an error @throws UsageError for an open address */
  async load(): Promise<Loaded | null> {
    const loaded = await this.#read();
    if (!loaded.ok) return null;
    refuseOpenAddress(loaded.config, this.#options.insecureListen);
    this.#current = loaded.config;
    return loaded;
  }

  /** From here on edits are handed over. @param apply may refuse a version by throwing; then the one before still holds */
  attach(apply: (loaded: Loaded) => Promise<void>): void {
    this.#apply = apply;
    if (this.#dirty) this.#changed();
  }

  /** Ends the watching, and waits for a reload that is under way. */
  async close(): Promise<void> {
    this.#apply = null;
    this.#unwatch();
    await this.#work;
  }

  #changed(): void {
    this.#dirty = true;
    if (this.#apply === null) return;
    this.#work = this.#work.then(() => this.#reload());
  }

  async #reload(): Promise<void> {
    const apply = this.#apply;
    if (apply === null) return;
    this.#dirty = false;
    const { log } = this.#options;
    try {
      const loaded = await this.#read();
      if (!loaded.ok) return log('the configuration was not reloaded; the last valid version stays in force');
      refuseOpenAddress(loaded.config, this.#options.insecureListen);
      for (const field of needRestart(this.#current, loaded.config)) log(`a change of ${field} takes effect at the next start`);
      await apply(loaded);
      this.#current = loaded.config;
      log('configuration reloaded');
      for (const { label, token } of loaded.minted) log(`new token of grant ${label}, shown once: ${token}`);
    } catch (error) {
      log(`the configuration was not reloaded: ${(error as Error).message}`);
    }
  }

  async #read(): Promise<LoadedGateway> {
    const { path, env, dataDir, listen } = this.#options;
    if (path === null) return emptyGateway(dataDir ?? defaultDataDirectory(), listen);
    const minted: MintedToken[] = [];
    let loaded: LoadedGateway;
    // Again when the file names other files than before: what is used must have been read under watch, or an edit could be missed.
    do {
      loaded = await loadGateway(path, { env, dataDir, listen, mint: true });
      if (loaded.ok) minted.push(...loaded.minted);
    } while (this.#watch(loaded.files));
    for (const diagnostic of loaded.ok ? loaded.warnings : loaded.diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
    return loaded.ok ? { ...loaded, minted } : loaded;
  }

  /** Watches the files that the last version named. @returns false when it did so already */
  #watch(files: readonly string[]): boolean {
    const key = files.join('\n');
    if (key === this.#watched) return false;
    this.#unwatch();
    this.#watched = key;
    this.#unwatch = watchFiles(files, () => this.#changed());
    return true;
  }
}

/** Bearer tokens in the clear belong on this machine only (X2). */
function refuseOpenAddress(config: GatewayConfig, allowed: boolean): void {
  if (allowed) return;
  const edges = [...config.servers.values()].map((server) => server.edge?.listen).filter((listen) => listen !== undefined);
  const open = [config.listen, ...edges].find((listen) => !isLoopback(listen.host));
  if (open === undefined) return;
  throw new UsageError(`refusing to listen on ${formatAddress(open)}: other machines could read tokens and calls`, 'listen on 127.0.0.1, or put TLS in front and add --insecure-listen');
}

function needRestart(before: GatewayConfig | null, after: GatewayConfig): string[] {
  if (before === null) return [];
  const fields: string[] = [];
  if (formatAddress(before.listen) !== formatAddress(after.listen)) fields.push('listen');
  if (before.dataDir !== after.dataDir) fields.push('data');
  if (before.secretKeyFile !== after.secretKeyFile) fields.push('secret_key_file');
  if (before.journal.retainDays !== after.journal.retainDays) fields.push('journal.retain_days');
  if (before.journal.arguments === 'keys' && after.journal.arguments === 'values') fields.push('journal.arguments');
  if (JSON.stringify(before.operations) !== JSON.stringify(after.operations)) fields.push('tracing, log or drain');
  if (JSON.stringify(before.limits) !== JSON.stringify(after.limits)) fields.push('limits');
  return fields;
}
