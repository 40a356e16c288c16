import type { JournalEntry, ReserveResult, Settlement } from '../../state/types.ts';
import type { StateObserver } from '../../state/batched-admissions.ts';
import { Counter, Histogram } from './families.ts';

/** Upper bounds in seconds: tools answer in milliseconds, or after minutes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** Tools that are told apart by name, on each server. Their names are those of its list: a call for any other is refused before. */
const MAX_TOOLS = 200;
/** Calls that wait for their end. Beyond it the oldest is forgotten, and its end is not counted. */
const MAX_OPEN = 100_000;

/** A call that was let through and has not ended. */
interface OpenCall {
  readonly server: string;
  readonly tool: string;
  readonly category: string;
}

/**
 * What a gateway counts, from what passes its store: one row for each decision, so one place sees them all. No label holds what a client chose:
 * servers are configured, codes and outcomes are ours, and a tool has a name of its own here only once its server has listed it and it was let through.
 */
export class GatewayMetrics implements StateObserver {
  readonly #calls = new Counter('policylayer_calls_total', 'Journal rows by how the call ended: refused, rejected and dropped ones at once, the others when they end.', ['server', 'outcome', 'code', 'category']);
  readonly #tools = new Counter('policylayer_tool_calls_total', 'Calls of tools that were let through, by how they ended.', ['server', 'tool', 'outcome']);
  readonly #duration = new Histogram('policylayer_call_duration_seconds', 'Time from the arrival of a call to the end of it, for calls that were let through.', ['server'], SECONDS);
  readonly #failures = new Counter('policylayer_upstream_failures_total', 'Calls that an upstream did not answer.', ['server', 'kind']);
  readonly #reservations = new Counter('policylayer_reservations_refused_total', 'Calls that did not fit into a rate limit or a budget, or whose approval was gone.', ['server', 'type']);
  readonly #rows = new Counter('policylayer_journal_rows_total', 'Rows that this process gave to the journal; of a flood of equal ones only some are kept.');
  readonly #errors = new Counter('policylayer_state_errors_total', 'Times that the store could not write or decide.');
  readonly #open = new Map<string, OpenCall>();
  readonly #toolNames = new Map<string, Set<string>>();
  readonly #categoryOf: (server: string, tool: string) => string | null;
  #failedAt = -Infinity;
  #wroteAt = -Infinity;

  /** @param categoryOf the class of a tool, where something has asked for it; it must be cheap */
  constructor(categoryOf: (server: string, tool: string) => string | null) {
    this.#categoryOf = categoryOf;
  }

  /** `performance.now()` of the last failure of the store, and of its last success. */
  get store(): { readonly failedAt: number; readonly wroteAt: number } {
    return { failedAt: this.#failedAt, wroteAt: this.#wroteAt };
  }

  admitted(entry: JournalEntry, result: ReserveResult): void {
    this.#wroteAt = performance.now();
    const { server } = entry;
    if (!result.ok) {
      this.#reservations.add(server, result.refusal === 'approval' ? 'approval' : result.refusal.claim.type);
      return;
    }
    this.#rows.add();
    const tool = entry.method === 'tools/call' ? this.#toolLabel(server, entry.name ?? '') : '';
    this.#open.set(entry.id, { server, tool, category: this.#category(entry) });
    if (this.#open.size > MAX_OPEN) for (const oldest of this.#open.keys()) {
      this.#open.delete(oldest);
      break;
    }
  }

  appended(entry: JournalEntry): void {
    this.#wroteAt = performance.now();
    this.#rows.add();
    // A second row about a call, say for a limit under observation, is no call.
    if (entry.outcome === 'forwarded') return;
    this.#calls.add(entry.server, entry.outcome, entry.code ?? '', this.#category(entry));
    if (entry.outcome === 'upstream_failed') this.#failures.add(entry.server, entry.code ?? 'unknown');
  }

  settled(id: string, { outcome, upstreamStatus, latencyMs }: Settlement): void {
    const call = this.#open.get(id);
    if (call === undefined) return;
    this.#open.delete(id);
    this.#calls.add(call.server, outcome, '', call.category);
    if (call.tool !== '') this.#tools.add(call.server, call.tool, outcome);
    this.#duration.observe(latencyMs / 1_000, call.server);
    if (outcome === 'upstream_failed') this.#failures.add(call.server, upstreamStatus?.split(' ', 1)[0] ?? 'unknown');
  }

  failed(): void {
    this.#failedAt = performance.now();
    this.#errors.add();
  }

  text(): string {
    return [this.#calls, this.#tools, this.#duration, this.#failures, this.#reservations, this.#rows, this.#errors].map((family) => family.text()).join('');
  }

  #category({ server, method, name }: JournalEntry): string {
    return method === 'tools/call' && name !== null ? (this.#categoryOf(server, name) ?? 'unknown') : '';
  }

  #toolLabel(server: string, name: string): string {
    let names = this.#toolNames.get(server);
    if (names === undefined) this.#toolNames.set(server, (names = new Set()));
    if (names.has(name)) return name;
    if (names.size >= MAX_TOOLS || name.length > 128) return 'other';
    names.add(name);
    return name;
  }
}
