import { createHash } from 'node:crypto';
import { compareDefinitions, reasonText } from '../../catalogue/drift.ts';
import { MAX_NAME } from '../../state/pin-row.ts';
import type { LearnedDefinition, PinStanding, State } from '../../state/types.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { scan } from '../../wire/scan.ts';
import type { KnownTool } from '../tool-directory.ts';
import { canonicalDefinition } from './canonical-definition.ts';
import { CommonPages } from './common-pages.ts';
import type { PinNote } from './pin-notes.ts';

/** Why a definition is held, in words of ours; null when it passes. */
export type Why = readonly string[] | null;

/** Could not decide, because the state is out of reach. */
export const UNREADABLE: Why = ['its pin could not be read'];
const NO_ROOM: readonly string[] = ['the server lists more tools than can be pinned'];
const NAMELESS: readonly string[] = ['it has no name'];
const TOO_MUCH: Why = ['too much of the list changed at once to be compared'];
const NO_TEXT: Why = ['the pinned definition was too large to keep, so that nothing can be compared with it'];

/** Bytes of definitions that are compared for one list: what is beyond waits, held, for the next one. */
const MOST_COMPARED = 2 * 1024 * 1024;
/** Verdicts that are remembered. */
const MOST_VERDICTS = 20_000;
/** Definitions of one tool that are written down in ten minutes: a server that makes a new one for every request must not fill the disk. */
const MOST_WRITTEN = 16;
const WRITING_MS = 600_000;
/** How exactly it is known when a tool was listed last. */
const TOUCHED_MS = 3_600_000;
/** Tools without a pin that one list tells of. */
const MOST_TOLD = 5;
/** How often a call looks whether an operator, or another process, changed something. */
const LOOK_MS = 500;

/** One reading of some definitions, until it is written down. */
interface Reading {
  readonly learned: LearnedDefinition[];
  readonly notes: PinNote[];
  readonly seen: Set<string>;
  /** What the notes are known by (`#told`). */
  readonly told: string[];
  /** First pins that this reading asks for. */
  readonly fresh: Map<string, { readonly hash: string; readonly node: JsonNode }>;
  compared: number;
}

/** Compares what a server lists with what is pinned. Everything that it keeps is bounded, whatever the server does. */
export class PinJudge {
  readonly #server: string;
  readonly #trusted: boolean;
  readonly #state: State;
  /** Null until the pins have been read. */
  #version: number | null = null;
  #pins = new Map<string, Map<string, PinStanding>>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Grows when earlier verdicts no longer hold. */
  #epoch = 0;
  #verdicts = new Map<string, { readonly why: Why }>();
  #pages = new CommonPages();
  #tools = new WeakMap<KnownTool, { readonly epoch: number; readonly why: Why }>();
  #written = new Map<string, { count: number; readonly since: number }>();
  /** When it was written down last that a tool is still listed. */
  #touched = new Map<string, number>();
  #notes: PinNote[] = [];
  /** The tools that are held, with what was pinned of them then. */
  #held = new Map<string, string>();
  #released = false;
  /** Something was refused because the state was out of reach. */
  #missed = false;
  #told = new Set<string>();
  /** The first list of a server is pinned without a word. */
  #silent = false;
  #begun = false;

  constructor({ server, trusted, state }: { readonly server: string; readonly trusted: boolean; readonly state: State }) {
    this.#server = server;
    this.#trusted = trusted;
    this.#state = state;
  }

  get holdsAny(): boolean {
    return this.#missed || this.#held.size > 0;
  }

  /** What has happened since it was last asked. */
  takeNotes(): readonly PinNote[] {
    const notes = this.#notes;
    this.#notes = [];
    return notes;
  }

  /** True once after something that was held may pass. */
  released(): boolean {
    this.#look();
    const released = this.#released;
    this.#released = false;
    return released;
  }

  /** @returns the places of held definitions. A page that was judged before costs one digest of its bytes */
  page(tools: JsonNode, cursor: string | null): ReadonlySet<number> {
    if (cursor === null && this.#begun) this.#silent = false;
    this.#begun = true;
    this.#look();
    const digest = createHash('sha256').update(tools.bytes()).digest('base64');
    const known = this.#pages.get(digest);
    if (known !== null) return known;
    const epoch = this.#epoch;
    const whys = this.#judge(tools.elements());
    const held = new Set([...whys.keys()].filter((place) => whys[place] !== null));
    if (epoch === this.#epoch && !whys.some(isUndecided)) this.#pages.put(digest, held);
    return held;
  }

  /** Every definition of the name counts: which of them the upstream runs cannot be known. */
  tool(tool: KnownTool): Why {
    if (performance.now() - this.#lookedAt >= LOOK_MS) this.#look();
    const known = this.#tools.get(tool);
    if (known !== undefined && known.epoch === this.#epoch) return known.why;
    const whys = this.#judge(tool.definitions);
    const why = whys.find((one) => one !== null) ?? null;
    if (!whys.some(isUndecided)) this.#tools.set(tool, { epoch: this.#epoch, why });
    return why;
  }

  #judge(definitions: readonly JsonNode[]): Why[] {
    // Another process may pin the same tool at the same moment: then its pin holds, and everything is compared with that.
    for (let round = 0; round < 3; round += 1) {
      if (this.#version === null) break;
      const reading: Reading = { learned: [], notes: [], seen: new Set(), told: [], fresh: new Map(), compared: 0 };
      const whys = definitions.map((node) => this.#one(node, reading));
      const written = this.#write(reading);
      if (written === 'again' || written === 'failed') this.#undo(reading);
      if (written === 'again') continue;
      if (written === 'failed') this.#missed = true;
      if (written === 'failed') return whys.map((why, place) => (reading.fresh.has(nameOf(definitions[place]) ?? '') ? UNREADABLE : why));
      this.#notes.push(...reading.notes.filter(({ kind, name }) => kind !== 'new' || !written.includes(name)));
      // Without a pin it is held whatever it says; remembered, such names would be without end.
      for (const name of written) this.#held.delete(name);
      for (const name of written.slice(0, MOST_TOLD)) if (this.#tells(name, reading)) this.#notes.push({ kind: 'held', name, hash: '', why: NO_ROOM });
      return whys.map((why, place) => (written.includes(nameOf(definitions[place]) ?? '') ? NO_ROOM : why));
    }
    this.#missed = true;
    return definitions.map(() => UNREADABLE);
  }

  #one(node: JsonNode, reading: Reading): Why {
    const name = nameOf(node);
    if (name === null) {
      if (this.#tells('', reading)) reading.notes.push({ kind: 'held', name: '', hash: '', why: NAMELESS });
      return NAMELESS;
    }
    if (name.length > MAX_NAME) {
      if (this.#tells(' long', reading)) reading.notes.push({ kind: 'held', name, hash: '', why: NO_ROOM });
      return NO_ROOM;
    }
    const { hash, text } = canonicalDefinition(node);
    const pin = this.#pins.get(name);
    const first = reading.fresh.get(name);
    if (pin === undefined && first === undefined) {
      reading.fresh.set(name, { hash, node });
      reading.learned.push({ name, hash, text, standing: 'pinned', why: [] });
      if (!this.#silent) reading.notes.push({ kind: 'new', name, hash, why: [] });
      return null;
    }
    if (performance.now() - (this.#touched.get(name) ?? Number.NEGATIVE_INFINITY) > TOUCHED_MS) reading.seen.add(name);
    if (hash === first?.hash || pin?.get(hash) === 'pinned') return null;
    const key = `${hash} ${name}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known.why;
    const size = node.end - node.start;
    if (reading.compared + size > MOST_COMPARED) return TOO_MUCH;
    reading.compared += size;
    const compared = first === undefined ? this.#compare(name, node) : this.#compareWith([first.node], node);
    if (compared === UNREADABLE) {
      this.#missed = true;
      return UNREADABLE;
    }
    const why = compared === 'unchanged' || compared === 'harmless' ? null : compared;
    if (this.#verdicts.size >= MOST_VERDICTS) this.#verdicts.clear();
    this.#verdicts.set(key, { why });
    if (why !== null) this.#held.set(name, this.#pinnedOf(name, first?.hash));
    if (compared !== 'unchanged') {
      const standing = why === null ? 'noted' : 'held';
      const isNew = pin?.get(hash) !== standing;
      if (isNew && this.#mayWrite(name)) reading.learned.push({ name, hash, text, standing, why: why ?? [] });
      if ((why !== null || isNew) && this.#tells(key, reading)) reading.notes.push({ kind: standing === 'held' ? 'held' : 'changed', name, hash, why: why ?? [] });
    }
    return why;
  }

  /** Once per process. */
  #tells(key: string, { told }: Reading): boolean {
    if (this.#told.has(key)) return false;
    if (this.#told.size >= MOST_VERDICTS) this.#told.clear();
    this.#told.add(key);
    told.push(key);
    return true;
  }

  /** What could not be written down was neither told nor decided: a verdict may rest on a pin that there never was. */
  #undo({ learned, told, fresh }: Reading): void {
    if (learned.length === 0) return;
    for (const key of told) this.#told.delete(key);
    for (const name of fresh.keys()) this.#held.delete(name);
    this.#verdicts.clear();
    this.#epoch += 1;
  }

  #compare(name: string, node: JsonNode): 'unchanged' | 'harmless' | Why {
    let texts: (string | null)[];
    try {
      texts = (this.#state.pins.record(this.#server, name)?.definitions ?? []).filter(({ standing }) => standing === 'pinned').map(({ text }) => text);
    } catch {
      return UNREADABLE;
    }
    if (texts.length === 0) return UNREADABLE;
    const pinned: JsonNode[] = [];
    for (const text of texts) {
      const scanned = text === null ? null : scan(Buffer.from(text), UPSTREAM_LIMITS);
      if (scanned?.ok === true) pinned.push(scanned.root);
    }
    return pinned.length === 0 ? NO_TEXT : this.#compareWith(pinned, node);
  }

  /** Of several pinned definitions any one may be the one that it came from. */
  #compareWith(pinned: readonly JsonNode[], node: JsonNode): 'unchanged' | 'harmless' | Why {
    const reports = pinned.map((before) => compareDefinitions(before, node, { server: this.#server, trusted: this.#trusted }));
    if (reports.some(({ verdict }) => verdict === 'unchanged')) return 'unchanged';
    if (reports.some(({ verdict }) => verdict === 'harmless')) return 'harmless';
    return (reports.at(-1)?.reasons ?? []).map(reasonText);
  }

  /** @returns the tools that got no pin for want of room, or why nothing was written */
  #write({ learned, seen, fresh }: Reading): readonly string[] | 'again' | 'failed' {
    if (learned.length === 0 && seen.size === 0) return [];
    try {
      const { version, full, outdated } = this.#state.pins.learn(this.#server, learned, [...seen]);
      const pinned = fresh.size - full.length;
      const expected = (this.#version ?? 0) + (pinned > 0 ? 1 : 0);
      if (outdated || version !== expected) {
        this.#read();
        return 'again';
      }
      this.#version = version;
      const now = performance.now();
      if (this.#touched.size >= MOST_VERDICTS) this.#touched.clear();
      for (const name of seen) this.#touched.set(name, now);
      for (const { name, hash, standing } of learned) {
        if (full.includes(name)) continue;
        const pin = this.#pins.get(name);
        if (pin === undefined) this.#pins.set(name, new Map([[hash, standing]]));
        else if (pin.size < 64) pin.set(hash, standing);
      }
      return full;
    } catch {
      return 'failed';
    }
  }

  #mayWrite(name: string): boolean {
    const now = performance.now();
    const before = this.#written.get(name);
    if (before !== undefined && now - before.since < WRITING_MS) {
      before.count += 1;
      return before.count <= MOST_WRITTEN;
    }
    if (this.#written.size >= MOST_VERDICTS) this.#written.clear();
    this.#written.set(name, { count: 1, since: now });
    return true;
  }

  /** Reads the pins again when somebody changed them. A state that is out of reach changes nothing of what is known. */
  #look(): void {
    this.#lookedAt = performance.now();
    try {
      if (this.#version === null || this.#state.pins.version(this.#server) !== this.#version) this.#read();
      if (this.#missed) this.#released = true;
      this.#missed = false;
    } catch {
      // What was read before still holds; what was never read is refused.
    }
  }

  #read(): void {
    const { version, tools } = this.#state.pins.read(this.#server);
    if (this.#version === null) this.#silent = tools.size === 0;
    this.#version = version;
    this.#pins = new Map([...tools].map(([name, definitions]) => [name, new Map(definitions.map(({ hash, standing }) => [hash, standing]))]));
    this.#epoch += 1;
    this.#verdicts.clear();
    this.#pages.clear();
    for (const [name, pinned] of this.#held) {
      if (this.#pinnedOf(name) === pinned) continue;
      this.#held.delete(name);
      this.#released = true;
    }
  }

  #pinnedOf(name: string, fresh?: string): string {
    const pinned = [...(this.#pins.get(name) ?? [])].filter(([, standing]) => standing === 'pinned').map(([hash]) => hash);
    return (fresh === undefined ? pinned : [fresh]).toSorted().join();
  }
}

function nameOf(node: JsonNode | undefined): string | null {
  return node?.get('name')?.text() ?? null;
}

/** Held for now, and to be looked at again with the next list. */
function isUndecided(why: Why): boolean {
  return why === UNREADABLE || why === TOO_MUCH;
}
