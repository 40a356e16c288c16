import type { GatewayConfig } from '../../gateway/config-types.ts';
import type { Registry } from '../../state/registry/types.ts';
import type { SecretBox } from '../api/services.ts';
import { buildConfiguration } from './effective.ts';
import { LiveGuard } from './live-guard.ts';
import { PolicyCompiler } from './policy-compiler.ts';
import { privateTargets } from './settings.ts';
import type { AuthorizerOf, EffectiveConfiguration, FileSide } from './types.ts';

/** How often another process's change is looked for. */
const POLL_MS = 1000;

export interface LiveConfigurationOptions {
  readonly registry: Registry;
  readonly box: SecretBox;
  readonly log: (line: string) => void;
  readonly authorizerOf?: AuthorizerOf;
  /** One that others hold as well. */
  readonly guard?: LiveGuard;
  readonly now?: () => number;
}

/** The configuration in force: built anew whenever the file or the registry changes, and handed to the gateway whole. */
export class EffectiveConfig {
  /** For whoever checks an address before it is saved. */
  readonly guard: LiveGuard;
  readonly #options: LiveConfigurationOptions;
  readonly #compiler = new PolicyCompiler();
  readonly #now: () => number;
  #current: EffectiveConfiguration;
  #file: FileSide;
  #apply: ((config: GatewayConfig) => Promise<void>) | null = null;
  #waiting: Promise<void> | null = null;
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #told = '';

  private constructor(file: FileSide, options: LiveConfigurationOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.guard = options.guard ?? new LiveGuard();
    this.#file = file;
    this.#current = { config: file.config, revision: -1, problems: [], file, policies: new Map() };
  }

  /** @throws StateUnavailable */
  static async open(file: FileSide, options: LiveConfigurationOptions): Promise<EffectiveConfig> {
    const live = new EffectiveConfig(file, options);
    live.#current = await live.#build();
    live.#tell();
    return live;
  }

  get current(): EffectiveConfiguration {
    return this.#current;
  }

  /** From here on changes reach the gateway, also those of other processes. */
  attach(apply: (config: GatewayConfig) => Promise<void>): void {
    this.#apply = apply;
    this.#poll();
  }

  /** Takes a new version of gateway.yaml. @throws when it could not be applied: then the file that held before still holds */
  async replaceFile(file: FileSide): Promise<void> {
    await this.#queue(async () => {
      const before = this.#file;
      this.#file = file;
      try {
        await this.#rebuild();
      } catch (error) {
        this.#file = before;
        throw error;
      }
    });
  }

  /** Builds the configuration anew. Requests that come while one waits share it. @throws StateUnavailable, or what the gateway says */
  refresh(): Promise<void> {
    this.#waiting ??= this.#queue(async () => {
      this.#waiting = null;
      await this.#rebuild();
    });
    return this.#waiting;
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#apply = null;
    await this.#work.catch(() => undefined);
  }

  #queue(work: () => Promise<void>): Promise<void> {
    const done = this.#work.catch(() => undefined).then(work);
    this.#work = done;
    return done;
  }

  async #build(): Promise<EffectiveConfiguration> {
    const { registry, box, authorizerOf } = this.#options;
    const snapshot = await registry.snapshot();
    this.guard.allow(privateTargets(snapshot.settings));
    return buildConfiguration(this.#file, snapshot, { box, guard: this.guard, authorizerOf: authorizerOf ?? (() => null), compiler: this.#compiler, now: this.#now() });
  }

  async #rebuild(): Promise<void> {
    const next = await this.#build();
    await this.#apply?.(next.config);
    this.#current = next;
    this.#tell();
  }

  /** Each problem is told once, and again when it comes back. */
  #tell(): void {
    const lines = this.#current.problems.map(({ kind, name, text }) => `${kind} ${name}: ${text}`);
    const told = lines.join('\n');
    if (told === this.#told) return;
    const before = new Set(this.#told.split('\n'));
    for (const line of lines) if (!before.has(line)) this.#options.log(line);
    this.#told = told;
  }

  #poll(): void {
    this.#timer = setTimeout(() => {
      void this.#look().finally(() => {
        if (this.#apply !== null) this.#poll();
      });
    }, POLL_MS).unref();
  }

  async #look(): Promise<void> {
    try {
      if ((await this.#options.registry.revision()) !== this.#current.revision) await this.refresh();
    } catch (error) {
      const line = `the configuration of the registry was not taken over: ${error instanceof Error ? error.message : 'unknown error'}`;
      if (line !== this.#told) this.#options.log(line);
      this.#told = line;
    }
  }
}
