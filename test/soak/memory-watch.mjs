/** Memory and handles of one long-lived process, sampled while it rests; and the judgement whether they stay flat. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memoryKb, openFiles, sleep } from '../../bench/lib/processes.mjs';
import { median, slope } from '../../bench/lib/stats.mjs';

const HOOK = fileURLToPath(new URL('../../bench/lib/gc-on-signal.mjs', import.meta.url));

/** Fewer samples than this say nothing about a trend. */
const MIN_SAMPLES = 10;
/** What V8 and the allocator may differ by between two collected heaps of a healthy process, in KB. */
const ALLOWED_KB = { rss: 12 * 1024, heap: 3 * 1024 };
const ALLOWED_SHARE = 0.1;
const ALLOWED_HANDLES = 4;

export class MemoryWatch {
  /**
   * @param {string} scratch @param {string} name
   * @param {{ handles?: number, rssKb?: number }} [allowed] `handles`: by how many open files and handles two samples may differ, more than a few where
   *   the process is sampled at work, because it then has as many connections as calls are under way; `rssKb`: instead of what is allowed to all
   */
  constructor(scratch, name, { handles = ALLOWED_HANDLES, rssKb = ALLOWED_KB.rss } = {}) {
    this.name = name;
    this.handles = handles;
    this.rssKb = rssKb;
    this.file = join(scratch, `memory-${name}.json`);
    this.nodeArgs = ['--expose-gc', '--import', HOOK];
    this.env = { MEMORY_REPORT: this.file };
    this.samples = [];
  }

  /** Collects garbage in the process and notes what is left. `done` is how much work it has behind it. */
  async sample(pid, done) {
    rmSync(this.file, { force: true });
    process.kill(pid, 'SIGUSR2');
    let report = null;
    for (let i = 0; i < 100 && report === null; i += 1) {
      await sleep(50);
      try {
        report = JSON.parse(readFileSync(this.file, 'utf8'));
      } catch {
        // Not written yet.
      }
    }
    if (report === null) throw new Error(`${this.name}: the process did not answer SIGUSR2 within 5 s`);
    const resources = Object.values(report.resources).reduce((sum, count) => sum + count, 0);
    this.samples.push({ done, rssKb: memoryKb(pid), heapKb: report.heapUsed / 1024, files: openFiles(pid), resources, kinds: report.resources });
  }

  /** @param {(where: string, text: string) => void} problem told about everything that grew */
  judge(problem) {
    const { samples } = this;
    if (samples.length === 0) return null;
    const fifth = Math.max(1, Math.floor(samples.length / 5));
    const ends = (pick) => ({ first: median(samples.slice(0, fifth).map(pick)), last: median(samples.slice(-fifth).map(pick)), per1000: slope(samples.map((sample) => [sample.done / 1000, pick(sample)])) });
    const rss = ends((sample) => sample.rssKb);
    const heap = ends((sample) => sample.heapKb);
    const files = ends((sample) => sample.files);
    const resources = ends((sample) => sample.resources);
    const judged = samples.length >= MIN_SAMPLES;
    if (judged) {
      for (const [what, { first, last }, allowed] of [['resident memory', rss, this.rssKb], ['heap', heap, ALLOWED_KB.heap]]) {
        if (last - first > Math.max(allowed, first * ALLOWED_SHARE)) problem(this.name, `${what} grew from ${Math.round(first)} to ${Math.round(last)} KB`);
      }
      for (const [what, { first, last }] of [['open files', files], ['active handles', resources]]) {
        if (last - first > this.handles) problem(this.name, `${what} grew from ${first} to ${last}: ${JSON.stringify(samples.at(-1).kinds)}`);
      }
    }
    return { judged, samples: samples.length, rssKb: rss, heapKb: heap, files, resources, kindsAtEnd: samples.at(-1).kinds };
  }
}
