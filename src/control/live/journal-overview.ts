import type { JournalCount, JournalFigures, Outcome } from '../../state/types.ts';

const BUCKET_MS = 300_000;
const DAY_MS = 86_400_000;
/** Rows that one step counts: a few milliseconds, during which nothing else runs. */
const STEP_ROWS = 1_000;
/** Older rows than the newest of so many are left out of a first count. */
const MAX_ROWS = 2_000_000;
/** Different groups of one bucket; what is beyond is counted without its name and rule. */
const MAX_GROUPS = 400;
/** Methods that are told apart even then. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(['tools/call', 'approvals/decide', 'pins/decide']);
/** Steps that hold calls without an end are counted again until they have one, or for so long. */
const SETTLE_MS = 15 * 60_000;
const MAX_OPEN_STEPS = 40;
const RECOUNT_MS = 2_000;
/** How long a request waits for the figures to be up to date; then it takes what is there. */
const PATIENCE_MS = 1_000;

interface Group {
  readonly count: Omit<JournalCount, 'rows'>;
  rows: number;
}

/** Rows that were counted while some of their calls ran. */
interface OpenStep {
  readonly after: number;
  readonly until: number;
  readonly at: number;
  parts: readonly { readonly group: Group; readonly rows: number }[];
}

export interface OverviewFigures {
  readonly last24h: { readonly admitted: number; readonly refused: number; readonly failed: number; readonly pendingApprovals: number };
  /** One entry for each five minutes of the last 24 hours, oldest first; empty ones too. */
  readonly series: readonly { readonly t: string; readonly admitted: number; readonly refused: number; readonly failed: number }[];
  readonly topRules: readonly { readonly policy: string; readonly rule: string; readonly count: number; readonly codes: Readonly<Record<string, number>> }[];
  readonly topTools: readonly { readonly server: string; readonly name: string; readonly count: number }[];
  /** False while older rows are still being counted. */
  readonly complete: boolean;
}

/** What a row says of its call. Rows about approvals and pins are no calls; one that was held has another row for its end. */
function kindOf(outcome: Outcome, code: string | null, method: string | null): 'admitted' | 'failed' | 'refused' | 'asked' | null {
  if (method === 'approvals/decide' || method === 'pins/decide') return null;
  if (code === 'approval_requested') return 'asked';
  switch (outcome) {
    case 'forwarded':
    case 'ok':
    case 'tool_error':
    case 'cancelled': return 'admitted';
    case 'upstream_error':
    case 'upstream_failed': return 'failed';
    case 'refused':
    case 'rejected': return 'refused';
    case 'dropped': return null;
  }
}

/**
 * The last 24 hours of a journal in five-minute buckets, kept in memory and brought up to date by the rows that are new. What a request costs
 * depends on what was written since the last one, not on the length of the journal; a first count of a long one runs on beside.
 */
export class JournalOverview {
  readonly #figures: () => JournalFigures;
  readonly #now: () => number;
  readonly #buckets = new Map<number, Map<string, Group>>();
  #open: OpenStep[] = [];
  #after: number | null = null;
  #last = 0;
  #recountedAt = -Infinity;
  #running: Promise<void> | null = null;

  constructor(figures: () => JournalFigures, now: () => number) {
    this.#figures = figures;
    this.#now = now;
  }

  /** Counts what is new; waits for it a moment, and goes on beside. @throws StateUnavailable */
  async update(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    let timer: NodeJS.Timeout | null = null;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS).unref();
    });
    const running = this.#running;
    // Nobody may be waiting any more when it fails; the next request runs it again.
    running.catch(() => undefined);
    await Promise.race([running, patience]);
    if (timer !== null) clearTimeout(timer);
  }

  /** @param servers whose rows are shown */
  read(servers: 'all' | ReadonlySet<string>): OverviewFigures {
    const end = Math.floor(this.#now() / BUCKET_MS) * BUCKET_MS;
    const sum = { admitted: 0, refused: 0, failed: 0, pendingApprovals: 0 };
    const rules = new Map<string, { policy: string; rule: string; count: number; codes: Record<string, number> }>();
    const tools = new Map<string, { server: string; name: string; count: number }>();
    const series: { t: string; admitted: number; refused: number; failed: number }[] = [];
    for (let at = end - DAY_MS + BUCKET_MS; at <= end; at += BUCKET_MS) {
      const bucket = { t: new Date(at).toISOString(), admitted: 0, refused: 0, failed: 0 };
      series.push(bucket);
      for (const { count, rows } of this.#buckets.get(at)?.values() ?? []) {
        if (rows === 0 || (servers !== 'all' && !servers.has(count.server))) continue;
        const kind = kindOf(count.outcome, count.code, count.method);
        if (kind === null) continue;
        if (kind === 'asked') {
          sum.pendingApprovals += rows;
          continue;
        }
        const into = kind === 'failed' ? (['admitted', 'failed'] as const) : ([kind] as const);
        for (const name of into) {
          bucket[name] += rows;
          sum[name] += rows;
        }
        if (kind === 'refused' && count.rule !== null) {
          const key = `${count.policy ?? ''}\0${count.rule}`;
          const rule = rules.get(key) ?? { policy: count.policy ?? '', rule: count.rule, count: 0, codes: {} };
          rule.count += rows;
          rule.codes[count.code ?? ''] = (rule.codes[count.code ?? ''] ?? 0) + rows;
          rules.set(key, rule);
        } else if (kind !== 'refused' && count.method === 'tools/call' && count.name !== null) {
          const key = `${count.server}\0${count.name}`;
          const tool = tools.get(key) ?? { server: count.server, name: count.name, count: 0 };
          tool.count += rows;
          tools.set(key, tool);
        }
      }
    }
    const top = <Item extends { readonly count: number }>(items: ReadonlyMap<string, Item>): Item[] => (
      [...items].sort(([a, one], [b, two]) => two.count - one.count || (a < b ? -1 : 1)).slice(0, 10).map(([, item]) => item)
    );
    return { last24h: sum, series, topRules: top(rules), topTools: top(tools), complete: this.#after !== null && this.#after >= this.#last };
  }

  async #run(): Promise<void> {
    const figures = this.#figures();
    const now = this.#now();
    if (this.#after === null) {
      const span = await figures.span(new Date(now - DAY_MS));
      this.#after = Math.max(span.after, span.last - MAX_ROWS);
    }
    this.#forget(now - DAY_MS - BUCKET_MS);
    await this.#recount(figures);
    this.#last = Math.max(this.#last, (await figures.span(new Date(now))).last);
    while (this.#after < this.#last) {
      const until = Math.min(this.#after + STEP_ROWS, this.#last);
      const counts = await figures.counts(this.#after, until);
      const parts = this.#add(counts);
      if (counts.some(({ outcome }) => outcome === 'forwarded')) this.#open.push({ after: this.#after, until, at: now, parts });
      this.#after = until;
      if (this.#open.length > MAX_OPEN_STEPS) this.#open.shift();
      // Calls go on between two steps.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #recount(figures: JournalFigures): Promise<void> {
    const now = this.#now();
    if (now - this.#recountedAt < RECOUNT_MS) return;
    this.#recountedAt = now;
    const open = this.#open.filter(({ at }) => now - at < SETTLE_MS);
    const still: OpenStep[] = [];
    for (const step of open) {
      const counts = await figures.counts(step.after, step.until);
      for (const { group, rows } of step.parts) group.rows -= rows;
      step.parts = this.#add(counts);
      if (counts.some(({ outcome }) => outcome === 'forwarded')) still.push(step);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#open = still;
  }

  #add(counts: readonly JournalCount[]): { readonly group: Group; readonly rows: number }[] {
    return counts.map(({ rows, ...count }) => {
      const group = this.#group(count);
      group.rows += rows;
      return { group, rows };
    });
  }

  #group(count: Group['count']): Group {
    const bucket = this.#buckets.get(count.at) ?? new Map<string, Group>();
    this.#buckets.set(count.at, bucket);
    const key = JSON.stringify([count.server, count.outcome, count.method, count.name, count.code, count.policy, count.rule]);
    const known = bucket.get(key);
    if (known !== undefined) return known;
    const method = count.method !== null && KNOWN_METHODS.has(count.method) ? count.method : null;
    // What callers choose is what varies; the rest is bounded by what is configured.
    if (bucket.size >= MAX_GROUPS && (count.name !== null || count.rule !== null || count.policy !== null || count.method !== method)) return this.#group({ ...count, method, name: null, rule: null, policy: null });
    const group = { count, rows: 0 };
    bucket.set(key, group);
    return group;
  }

  #forget(before: number): void {
    for (const at of this.#buckets.keys()) if (at < before) this.#buckets.delete(at);
  }
}
