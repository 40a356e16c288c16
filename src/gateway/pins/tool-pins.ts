import type { State } from '../../state/types.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import type { Conversation } from '../conversation.ts';
import type { KnownTool } from '../tool-directory.ts';
import type { PinJudge } from './pin-judge.ts';
import type { DriftRefusal, PinNotes } from './pin-notes.ts';

/** What becomes of a tool whose definition changed for the worse: kept back, told about, or not looked at. */
export type DriftMode = 'hold' | 'warn' | 'off';

export const DRIFT_MODES: readonly DriftMode[] = ['hold', 'warn', 'off'];

export interface ToolPinsOptions {
  /** The key of counters and pins. */
  readonly server: string;
  readonly mode: DriftMode;
  /** The operator trusts what the server says of its own tools. */
  readonly trusted: boolean;
  readonly state: State;
  /** A promise while the state is being opened. */
  readonly ready: () => Promise<void> | null;
  readonly log: (line: string) => void;
}

/** How soon what an operator accepted elsewhere is seen. */
const LOOK_MS = 500;
const NONE: ReadonlySet<number> = new Set();

interface Loaded {
  readonly judge: PinJudge;
  readonly notes: PinNotes;
}

/**
 * The pinned definitions of one server (protocol.md L7, attack 47): a list is compared while it passes, and what changed for the worse is neither
 * listed nor callable until somebody accepts it. The code behind it is loaded with the first list.
 */
export class ToolPins {
  readonly #options: ToolPinsOptions | null;
  readonly #listeners = new Set<() => void>();
  #mode: DriftMode;
  #loaded: Loaded | null = null;
  #loading: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param options null: nothing is pinned */
  constructor(options: ToolPinsOptions | null) {
    this.#options = options;
    this.#mode = options?.mode ?? 'off';
  }

  get mode(): DriftMode {
    return this.#mode;
  }

  /** To be waited for before a list is asked for, or a call decided: both are judged without waiting. @returns null when nothing has to be waited for */
  ready(): Promise<void> | null {
    return this.#mode === 'off' || this.#loaded !== null ? null : this.#load();
  }

  #load(): Promise<void> {
    const options = this.#options;
    if (options === null) return Promise.resolve();
    this.#loading ??= Promise.all([import('./pin-judge.ts'), import('./pin-notes.ts'), options.ready()]).then(
      ([{ PinJudge }, { PinNotes }]) => {
        this.#loaded = { judge: new PinJudge(options), notes: new PinNotes(options.server, options.log) };
      },
    );
    return this.#loading;
  }

  /** Another mode, from an edit of the configuration. Clients are told that their lists may differ. */
  async setMode(mode: DriftMode): Promise<void> {
    if (mode === this.#mode) return;
    if (mode !== 'off' && this.#loaded === null) await this.#load();
    this.#mode = mode;
    this.#tell();
  }

  /**
   * Judges one page of `tools/list`.
   * @param cursor of the page; null for the first
   * @returns the places of the definitions that must not be delivered
   */
  page(conversation: Conversation, result: JsonNode, cursor: string | null): ReadonlySet<number> {
    const tools = result.get('tools');
    if (this.#mode === 'off' || this.#loaded === null || tools === null || tools.kind !== 'array') return NONE;
    const { judge, notes } = this.#loaded;
    const held = judge.page(tools, cursor);
    notes.write(conversation, judge.takeNotes(), this.#mode);
    this.#watch();
    return this.#mode === 'hold' ? held : NONE;
  }

  /** Why a tool must not be called, in words of ours for the agent; null when it may. */
  refusal(conversation: Conversation, tool: KnownTool): DriftRefusal | null {
    if (this.#mode === 'off' || this.#loaded === null) return null;
    const { judge, notes } = this.#loaded;
    const why = judge.tool(tool);
    notes.write(conversation, judge.takeNotes(), this.#mode);
    this.#watch();
    return why === null || this.#mode !== 'hold' ? null : notes.refusal(tool.name, why);
  }

  /** Calls back when what a list shows may have changed. @returns ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#watch();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#unwatch();
    };
  }

  /** Looks for decisions of an operator, only while something is held that somebody could be told about. */
  #watch(): void {
    if (this.#loaded?.judge.holdsAny !== true || this.#listeners.size === 0) return;
    this.#timer ??= setInterval(() => {
      if (this.#loaded?.judge.released() === true) this.#tell();
      if (this.#loaded?.judge.holdsAny !== true) this.#unwatch();
    }, LOOK_MS).unref();
  }

  #unwatch(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
