import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openState } from '../../state/open.ts';
import type { State } from '../../state/types.ts';
import type { VirtualClock } from './virtual-clock.ts';

/**
 * A real state database in a directory of its own, opened when the first limit asks for it: most cases have none. `close` removes it.
 */
export class TemporaryState {
  readonly clock: VirtualClock;
  #state: State | null = null;
  #directory: string | null = null;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  /** Whether a limit has asked for it. */
  get isOpen(): boolean {
    return this.#state !== null;
  }

  /** @throws StateUnavailable */
  async open(): Promise<State> {
    if (this.#state !== null) return this.#state;
    this.#directory ??= mkdtempSync(join(tmpdir(), 'policylayer-replay-'));
    this.#state = await openState({ path: join(this.#directory, 'state.db'), clock: this.clock });
    return this.#state;
  }

  async close(): Promise<void> {
    await this.#state?.close();
    if (this.#directory !== null) rmSync(this.#directory, { recursive: true, force: true });
    this.#state = null;
    this.#directory = null;
  }
}
