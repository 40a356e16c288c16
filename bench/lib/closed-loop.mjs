/**
 * The load: each lane sends its next call when its last one is answered. Every answer is checked against the call that asked for
 * it (id and text), because a fast wrong answer is worthless.
 */
const FILLER = 'abcdefghijklmnopqrstuvwxyz0123456789';
let lastId = 1000;

/** Enough calls for the just-in-time compiler to be done, also on a machine that is busy with other things. */
export const WARM_UP = { ms: 1000, atLeast: 6000, atMostMs: 6000 };

/** A call of one of the echo server's tools with its expected answer. Ids are never used twice in a run. */
export const workloads = {
  /** `echo` with 32 bytes that differ in every call. */
  echo: () => {
    lastId += 1;
    const text = `${lastId}-${FILLER}`.slice(0, 32);
    return { id: lastId, method: 'tools/call', name: 'echo', params: `"name":"echo","arguments":{"text":"${text}"}`, right: (answer) => answer.result?.content?.[0]?.text === text };
  },
  /** `tools/list`; `count` is how many tools a right answer has. */
  list: (count) => () => {
    lastId += 1;
    return { id: lastId, method: 'tools/list', name: null, params: '', right: (answer) => answer.result?.tools?.length === count };
  },
  /** `blob` with the expected text. */
  blob: (text) => () => {
    lastId += 1;
    return { id: lastId, method: 'tools/call', name: 'blob', params: `"name":"blob","arguments":{"bytes":${text.length}}`, right: (answer) => answer.result?.content?.[0]?.text === text };
  },
};

/**
 * @param {readonly { request: Function }[]} lanes clients; one call at a time on each (a stdio client may appear more than once)
 * @param {() => { id: number, method: string, name: string | null, params: string, right: (answer: object) => boolean }} nextCall
 * @param {{ ms?: number, calls?: number, atLeast?: number, atMostMs?: number }} until how long, or how many calls altogether; with `atLeast`
 *   it goes on beyond `ms` until that many calls are done, but not beyond `atMostMs`
 * @returns {Promise<{ calls: number, wrong: number, firstWrong: string | null, wallMs: number, latencies: number[] }>} latencies in ms
 */
export function closedLoop(lanes, nextCall, { ms = Infinity, calls: maxCalls = Infinity, atLeast = 0, atMostMs = ms }) {
  return new Promise((resolve) => {
    const latencies = [];
    const began = performance.now();
    let started = 0;
    let calls = 0;
    let wrong = 0;
    let firstWrong = null;
    let running = lanes.length;

    const run = (lane) => {
      const elapsed = performance.now() - began;
      if (started >= maxCalls || (elapsed >= ms && (started >= atLeast || elapsed >= atMostMs)) || wrong > 100) {
        running -= 1;
        if (running === 0) resolve({ calls, wrong, firstWrong, wallMs: performance.now() - began, latencies });
        return;
      }
      started += 1;
      const call = nextCall();
      const sent = performance.now();
      lane.request(call.id, call.method, call.params, call.name, (error, answer, text) => {
        calls += 1;
        latencies.push(performance.now() - sent);
        if (error !== null || answer.id !== call.id || !call.right(answer)) {
          wrong += 1;
          firstWrong ??= error === null ? text.slice(0, 300) : error.message.slice(0, 300);
        }
        run(lane);
      });
    };
    for (const lane of lanes) run(lane);
  });
}
