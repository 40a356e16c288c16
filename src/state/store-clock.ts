import { readFileSync } from 'node:fs';
import type { SqlDatabase, SqlStatement } from './driver.ts';

/** Where time comes from; tests bring their own. */
export interface ClockSource {
  /** Microseconds since some moment of this boot. Never goes back; the same for every process of the machine. */
  monotonicUs(): number;
  /** Milliseconds since 1970, as the operator set it. May jump. */
  wallMs(): number;
  /** Microseconds since boot that include the time asleep, or null where `monotonicUs` includes it. Coarse (10 ms). */
  uptimeUs(): number | null;
  /** Names the boot and the clock domain that `monotonicUs` belongs to; empty where the system does not tell. */
  machine(): string;
}

function readLine(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

export const systemClock: ClockSource = {
  monotonicUs: () => Number(process.hrtime.bigint() / 1000n),
  wallMs: () => Date.now(),
  // Linux stops its monotonic clock while the machine sleeps; others count on.
  uptimeUs: () => {
    const seconds = Number.parseFloat(readLine('/proc/uptime')?.split(' ')[0] ?? '');
    return Number.isFinite(seconds) ? Math.round(seconds * 1e6) : null;
  },
  // A time namespace shifts the monotonic clock of its processes: its offsets are part of the domain.
  machine: () => [readLine('/proc/sys/kernel/random/boot_id') ?? '', readLine('/proc/self/timens_offsets') ?? ''].join(' ').trim(),
};

/** A change of (wall - monotonic) by more than this, in ms, is a stepped wall clock or a sleep, and makes us look again. */
const DRIFT_MS = 1000;
/** `/proc/uptime` is coarse; a sleep shorter than this is ignored, which only makes windows longer. */
const SLEEP_US = 1_000_000;
const ANCHORS_KEPT = 16;

/**
 * The one clock of a state database (protocol.md B2, attack 37; docs/decisions/0002-store-clock.md): microseconds, monotonic, shared by
 * all processes of the machine, going on across restarts. Stepping the wall clock changes nothing while the machine is up.
 */
export class StoreClock {
  readonly #source: ClockSource;
  readonly #machine: string;
  readonly #read: SqlStatement;
  readonly #write: SqlStatement;
  readonly #latest: SqlStatement;
  readonly #newestAdmission: SqlStatement;
  readonly #prune: SqlStatement;
  #offset = 0;
  #drift = Number.NaN;
  #floor = 0;

  constructor(database: SqlDatabase, source: ClockSource) {
    this.#source = source;
    this.#machine = source.machine();
    this.#read = database.prepare('SELECT offset_us, suspended_us FROM clock WHERE machine = ?');
    this.#write = database.prepare('INSERT OR REPLACE INTO clock (machine, offset_us, suspended_us, last_us) VALUES (?, ?, ?, ?)');
    this.#latest = database.prepare(
      'SELECT max((SELECT coalesce(max(last_us), 0) FROM clock), coalesce((SELECT clock FROM journal ORDER BY seq DESC LIMIT 1), 0)) AS value',
    );
    this.#newestAdmission = database.prepare('SELECT coalesce(max(at), 0) AS value FROM admissions');
    this.#prune = database.prepare(
      `DELETE FROM clock WHERE machine NOT IN (SELECT machine FROM clock ORDER BY last_us DESC LIMIT ${ANCHORS_KEPT})`,
    );
  }

  /** Wall-clock milliseconds, for people. */
  wallMs(): number {
    return this.#source.wallMs();
  }

  /**
   * Microseconds on the store's clock, at least `atLeast` (the newest time that the caller has seen stored).
   * Call it inside a write transaction only: waiting for the lock takes time, and after a sleep the shared anchor is moved.
   */
  now(atLeast: number): number {
    const monotonic = this.#source.monotonicUs();
    const drift = this.#source.wallMs() - monotonic / 1000;
    if (!(Math.abs(drift - this.#drift) <= DRIFT_MS)) {
      this.#drift = drift;
      this.#anchor(monotonic);
    }
    this.#floor = Math.max(this.#floor, monotonic + this.#offset, atLeast);
    return this.#floor;
  }

  /**
   * About the time that `now` would give, outside of a transaction: for showing what is over, never for deciding. After a sleep of the
   * machine it is behind until the next transaction.
   */
  peek(): number {
    return Math.max(this.#floor, this.#source.monotonicUs() + this.#offset);
  }

  /** Looks the anchor up again at the next use: the transaction that may have stored it was undone. */
  forget(): void {
    this.#drift = Number.NaN;
  }

  /** Records how far the clock has come, so that a new boot starts no earlier. Inside a write transaction. */
  persist(): void {
    const row = this.#read.get(this.#machine);
    const now = this.now(0);
    this.#write.run(this.#machine, this.#offset, Number(row?.['suspended_us'] ?? 0), now);
  }

  /**
   * Finds or makes the anchor of this boot. All processes use the stored one: two that computed it on their own would disagree.
   * A boot that we do not know, and a clock that would be behind what is stored (a reboot on a system without boot id, a restored
   * file), start at the wall clock or the last stored time, whichever is later.
   */
  #anchor(monotonic: number): void {
    const uptime = this.#source.uptimeUs();
    const suspended = uptime === null ? 0 : Math.max(0, uptime - monotonic);
    const latest = Math.max(this.#floor, Number(this.#latest.get()?.['value'] ?? 0));
    const row = this.#read.get(this.#machine);
    if (row !== undefined) {
      const known = Number(row['suspended_us']);
      const slept = suspended - known > SLEEP_US ? suspended - known : 0;
      this.#offset = Number(row['offset_us']) + slept;
      if (monotonic + this.#offset >= latest) {
        if (slept > 0) this.#write.run(this.#machine, this.#offset, suspended, monotonic + this.#offset);
        return;
      }
    }
    const start = Math.max(this.#source.wallMs() * 1000, latest, Number(this.#newestAdmission.get()?.['value'] ?? 0));
    this.#offset = Math.round(start - monotonic);
    this.#write.run(this.#machine, this.#offset, Math.round(suspended), Math.round(start));
    this.#prune.run();
  }
}
