/** Series of one family beyond this are counted together under `other`: what scrapes us must not run out of memory. */
const MAX_SERIES = 2_000;

/** One family of the Prometheus text format (exposition format 0.0.4). */
export interface Family {
  /** Its lines, each with a line feed. */
  text(): string;
}

function head(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** Backslash, quote and line feed are all that a label value must not hold as they are. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function labelled(names: readonly string[], values: readonly string[], more = ''): string {
  const pairs = names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`);
  if (more !== '') pairs.push(more);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** The series of one family by their label values. Label values never come from a client: see gateway-metrics.ts. */
class Series<Value> {
  readonly labels: readonly string[];
  readonly #make: () => Value;
  readonly #values = new Map<string, { readonly labels: readonly string[]; readonly value: Value }>();

  constructor(labels: readonly string[], make: () => Value) {
    this.labels = labels;
    this.#make = make;
  }

  at(labels: readonly string[]): Value {
    const key = labels.length === 1 ? (labels[0] ?? '') : labels.join('\0');
    const known = this.#values.get(key);
    if (known !== undefined) return known.value;
    if (this.#values.size >= MAX_SERIES) {
      const others = labels.map(() => 'other');
      if (labels.some((label) => label !== 'other')) return this.at(others);
    }
    const value = this.#make();
    this.#values.set(key, { labels, value });
    return value;
  }

  entries(): Iterable<{ readonly labels: readonly string[]; readonly value: Value }> {
    return this.#values.values();
  }
}

/** A number that only grows. */
export class Counter implements Family {
  readonly #name: string;
  readonly #help: string;
  readonly #series: Series<{ count: number }>;

  constructor(name: string, help: string, labels: readonly string[] = []) {
    this.#name = name;
    this.#help = help;
    this.#series = new Series(labels, () => ({ count: 0 }));
    // A family without labels is there from the start, as 0.
    if (labels.length === 0) this.#series.at([]);
  }

  add(...labels: readonly string[]): void {
    this.#series.at(labels).count += 1;
  }

  text(): string {
    let text = head(this.#name, 'counter', this.#help);
    for (const { labels, value } of this.#series.entries()) text += `${this.#name}${labelled(this.#series.labels, labels)} ${value.count}\n`;
    return text;
  }
}

/** How often a value fell at or below each of some bounds. */
export class Histogram implements Family {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series: Series<{ readonly buckets: number[]; sum: number; count: number }>;

  /** @param bounds ascending, in the unit of the values */
  constructor(name: string, help: string, labels: readonly string[], bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#series = new Series(labels, () => ({ buckets: bounds.map(() => 0), sum: 0, count: 0 }));
  }

  observe(value: number, ...labels: readonly string[]): void {
    const series = this.#series.at(labels);
    series.sum += value;
    series.count += 1;
    const index = this.#bounds.findIndex((bound) => value <= bound);
    if (index >= 0) series.buckets[index] = (series.buckets[index] ?? 0) + 1;
  }

  text(): string {
    let text = head(this.#name, 'histogram', this.#help);
    const name = this.#name;
    for (const { labels, value } of this.#series.entries()) {
      let below = 0;
      for (const [index, bound] of this.#bounds.entries()) {
        below += value.buckets[index] ?? 0;
        text += `${name}_bucket${labelled(this.#series.labels, labels, `le="${bound}"`)} ${below}\n`;
      }
      const all = labelled(this.#series.labels, labels);
      text += `${name}_bucket${labelled(this.#series.labels, labels, 'le="+Inf"')} ${value.count}\n${name}_sum${all} ${value.sum}\n${name}_count${all} ${value.count}\n`;
    }
    return text;
  }
}

/** The lines of a value that is read when somebody asks. @param type `counter` for what only grows */
export function measured(name: string, type: 'counter' | 'gauge', help: string, labels: readonly string[], values: Iterable<readonly [labels: readonly string[], value: number]>): string {
  let text = head(name, type, help);
  for (const [at, value] of values) text += `${name}${labelled(labels, at)} ${value}\n`;
  return text;
}
