import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { measured } from './families.ts';

const SAMPLE_MS = 20;
const PERCENTILES = [50, 99] as const;

/** Memory, processor time and event loop of this process. */
export class ProcessMetrics {
  readonly #delay: IntervalHistogram;

  constructor() {
    this.#delay = monitorEventLoopDelay({ resolution: SAMPLE_MS });
    this.#delay.enable();
  }

  /** The lag is that since the last time somebody asked. */
  text(): string {
    const memory = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const lag = (nanoseconds: number): number => (Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - SAMPLE_MS / 1e3) : 0);
    const lags = [...PERCENTILES.map((at) => [[`p${at}`], lag(this.#delay.percentile(at))] as const), [['max'], lag(this.#delay.max)] as const];
    const text = [
      measured('process_cpu_seconds_total', 'counter', 'Processor time of this process.', ['mode'], [[['user'], user / 1e6], [['system'], system / 1e6]]),
      measured('process_resident_memory_bytes', 'gauge', 'Memory of this process that is in RAM.', [], [[[], memory.rss]]),
      measured('process_start_time_seconds', 'gauge', 'When this process started, in seconds since 1970.', [], [[[], Math.round(Date.now() / 1e3 - process.uptime())]]),
      measured('nodejs_heap_used_bytes', 'gauge', 'Memory that JavaScript objects take.', [], [[[], memory.heapUsed]]),
      measured('nodejs_external_memory_bytes', 'gauge', 'Memory of buffers outside the heap.', [], [[[], memory.external]]),
      measured('nodejs_eventloop_lag_seconds', 'gauge', 'How late the event loop was since the last scrape.', ['quantile'], lags),
    ].join('');
    this.#delay.reset();
    return text;
  }

  close(): void {
    this.#delay.disable();
  }
}
