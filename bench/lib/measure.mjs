/** One measured stretch of load: latency and rate from the driver, CPU from /proc, the contender apart from its children. */
import { closedLoop } from './closed-loop.mjs';
import { cpuMs, descendants } from './processes.mjs';
import { quantile } from './stats.mjs';

/**
 * @param {number} pid the contender
 * @param {Parameters<typeof closedLoop>} load
 * @returns {Promise<object>} rate in calls/s, p50 and p99 in ms, cpuUs and childUs in CPU microseconds per call
 */
export async function measure(pid, ...load) {
  const children = descendants(pid);
  const childCpu = () => children.reduce((sum, child) => sum + cpuMs(child), 0);
  const before = { own: cpuMs(pid), children: childCpu() };
  const { calls, wrong, firstWrong, wallMs, latencies } = await closedLoop(...load);
  const own = cpuMs(pid) - before.own;
  const theirs = childCpu() - before.children;
  return {
    calls,
    wrong,
    firstWrong,
    rate: (calls / wallMs) * 1000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpuUs: (own / calls) * 1000,
    childUs: (theirs / calls) * 1000,
  };
}
