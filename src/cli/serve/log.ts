import { pino, type Logger } from 'pino';
import type { LogConfig } from '../../gateway/config-types.ts';
import type { JournalEntry, ReserveResult, Settlement } from '../../state/types.ts';
import type { StateObserver } from '../../state/batched-admissions.ts';
import { printable } from '../../policy/index.ts';

type Level = LogConfig['level'];

const RANK: Readonly<Record<Level, number>> = { debug: 20, info: 30, warn: 40, error: 50 };
const MAX_LINE = 20_000;
/** How our own lines begin that tell of something that went wrong, and of something to look at. */
const ERRORS = /^(?:internal error|journal: a row was lost|state: |state database|control: |api: .* failed|events: )/;
const WARNINGS = /(?:could not|cannot|was not|failed|refused|unavailable|no longer|expired|gone)/;
/** Tokens and one-time links. Structured logs are kept and copied by other programs; a terminal is not. */
const SECRETS = /\b(?:plg|pla|pll)_[A-Za-z0-9_.~+/-]{8,}=*|#link=[A-Za-z0-9_-]+/g;

/**
 * The log of `serve`, on stderr: lines for people, or one JSON object for each. Calls are told at level `debug`, by the id of their journal row, so
 * that a line and a row can be joined; never with arguments.
 */
export class ServeLog implements StateObserver {
  #config: LogConfig;
  #pino: Logger | null = null;

  constructor(config: LogConfig) {
    this.#config = config;
    this.configure(config);
  }

  /** Takes another format or level from here on. */
  configure(config: LogConfig): void {
    this.#config = config;
    // Written at once: a line must not be lost when the process ends after it.
    this.#pino = config.format === 'text' ? null : pino({ level: config.level, base: { service: 'policylayer', pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, pino.destination({ dest: 2, sync: true }));
  }

  /** One line of any part of the program; bound, so that it can be handed on. */
  readonly line = (line: string): void => {
    const level: Level = ERRORS.test(line) ? 'error' : WARNINGS.test(line) ? 'warn' : 'info';
    this.#write(level, line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line, null);
  };

  admitted(entry: JournalEntry, result: ReserveResult): void {
    if (result.ok) this.#call(entry);
  }

  appended(entry: JournalEntry): void {
    this.#call(entry);
  }

  settled(id: string, { outcome, upstreamStatus, latencyMs }: Settlement): void {
    if (RANK[this.#config.level] > RANK.debug) return;
    this.#write('debug', `call ${id}: ${outcome}`, { event: 'call.end', journal: id, outcome, upstreamStatus, latencyMs });
  }

  failed(): void {
    // Whoever asked the store says so, with the reason.
  }

  #call({ id, server, grant, method, name, requestId, outcome, code, rule, policy }: JournalEntry): void {
    if (RANK[this.#config.level] > RANK.debug) return;
    const shown = printable(name ?? '', 200);
    this.#write('debug', `call ${id}: ${outcome}${code === null ? '' : ` ${code}`} ${server} ${printable(method ?? '-', 64)} ${shown}`.trimEnd(), { event: 'call', journal: id, request: requestId, server, grant, method, name, outcome, code, rule, policy });
  }

  #write(level: Level, text: string, fields: object | null): void {
    if (RANK[level] < RANK[this.#config.level]) return;
    if (this.#pino === null) process.stderr.write(`policylayer: ${text}\n`);
    else if (fields === null) this.#pino[level](text.replaceAll(SECRETS, '[not written to structured logs]'));
    else this.#pino[level](fields, text);
  }
}
