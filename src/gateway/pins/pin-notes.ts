import { printable } from '../../policy/printable.ts';
import type { Conversation } from '../conversation.ts';
import { appendLoudly, journalRow, type RowFacts } from '../recorder.ts';
import { UNREADABLE } from './pin-judge.ts';
import type { DriftMode } from './tool-pins.ts';

/** Why a call is refused, for the agent. */
export interface DriftRefusal {
  readonly code: 'denied' | 'state_unavailable';
  readonly reason: string;
}

/** Something that an operator should be able to read later. */
export interface PinNote {
  /** `new`: a tool that a known server did not have; `changed`: says something else and passes; `held`: changed for the worse. */
  readonly kind: 'new' | 'changed' | 'held';
  readonly name: string;
  readonly hash: string;
  /** Why it is held; words of ours. */
  readonly why: readonly string[];
}

/** Rows and lines per minute: a server can make up a new definition for every request. */
const MOST_PER_MINUTE = 60;
const MINUTE_MS = 60_000;
/** Names that one row tells. */
const MOST_NAMES = 20;

/** Tells the journal, and for what is held the log, what became of definitions. */
export class PinNotes {
  readonly #server: string;
  readonly #log: (line: string) => void;
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(server: string, log: (line: string) => void) {
    this.#server = server;
    this.#log = log;
  }

  write(conversation: Conversation, notes: readonly PinNote[], mode: DriftMode): void {
    if (notes.length === 0) return;
    const added = notes.filter(({ kind }) => kind === 'new');
    const [only] = added;
    if (only !== undefined && this.#admits(conversation)) {
      const names = added.slice(0, MOST_NAMES).map(({ name }) => quotedName(name)).join(', ');
      const more = added.length > MOST_NAMES ? ` and ${added.length - MOST_NAMES} more` : '';
      this.#row(conversation, { name: added.length === 1 ? only.name : null, outcome: 'ok', code: 'definition_new', reason: `pinned, new on this server: ${names}${more}` });
    }
    for (const { kind, name, hash, why } of notes) {
      if (kind === 'new') continue;
      if (!this.#admits(conversation)) return;
      const id = hash === '' ? 'of a tool without a pin' : hash.slice(0, 12);
      if (kind === 'changed') {
        this.#row(conversation, { name, outcome: 'ok', code: 'definition_changed', reason: `definition ${id} differs from what is pinned, and passes` });
        continue;
      }
      const reason = why.join('; ');
      if (mode === 'hold') this.#row(conversation, { name, outcome: 'refused', code: 'definition_held', reason: `definition ${id} is held: ${reason}` });
      else this.#row(conversation, { name, outcome: 'ok', code: 'definition_changed', observed: 'would_hold', reason: `definition ${id} passes with a warning: ${reason}` });
      this.#log(`drift: tool ${quotedName(name)} of ${printable(this.#server)} changed (${reason}) and ${mode === 'hold' ? 'is held until it is accepted' : 'passes'}; see what changed: ${command('show', this.#server, name)}`);
    }
  }

  /** What the agent is told; nothing in it was written by the server but the name that was called. */
  refusal(name: string, why: readonly string[]): DriftRefusal {
    if (why === UNREADABLE) return { code: 'state_unavailable', reason: 'the state that holds the pinned definition of this tool is out of reach, so it is refused' };
    const reason = `the definition of this tool changed and is held (${why.join('; ')}); an operator accepts it with: ${command('accept', this.#server, name)}`;
    return { code: 'denied', reason };
  }

  #row(conversation: Conversation, facts: Pick<RowFacts, 'name' | 'outcome' | 'code' | 'reason' | 'observed'>): void {
    appendLoudly(conversation.gateway, journalRow(conversation, { method: 'tools/list', requestId: null, ...facts }));
  }

  #admits(conversation: Conversation): boolean {
    const now = performance.now();
    if (now - this.#since >= MINUTE_MS) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count === MOST_PER_MINUTE) {
      this.#row(conversation, { name: null, outcome: 'ok', code: 'definition_changed', reason: 'more definitions change than are told; nothing more is told for a minute' });
      this.#log(`drift: more definitions of ${printable(this.#server)} change than are told; nothing more is told for a minute`);
    }
    return this.#count < MOST_PER_MINUTE;
  }
}

function quotedName(name: string): string {
  return printable(JSON.stringify(name), 140);
}

const PLAIN = /^[A-Za-z0-9_.@:/-]{1,128}$/;
const QUOTABLE = /^[ !-&(-~]{1,128}$/;

/** A command line as it can be copied; a name that cannot be copied safely is left for `pins list` to show. */
function command(verb: 'show' | 'accept', server: string, name: string): string {
  const words = [server, name].map((word) => (PLAIN.test(word) && !word.startsWith('-') ? word : QUOTABLE.test(word) && !word.startsWith('-') ? `'${word}'` : null));
  return words.includes(null) ? 'policylayer pins list --held' : `policylayer pins ${verb} ${words.join(' ')}`;
}
