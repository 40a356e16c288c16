import { setTimeout as pause } from 'node:timers/promises';
import { loadPolicy, type LoadResult } from '../../policy/load.ts';
import { tooMany } from '../api/problem.ts';

/** Texts whose result is kept: an editor asks several things of each. */
const MOST = 8;
/** Texts that wait for their turn: whoever may only look can send them, and each takes the time of calls. */
const MOST_WAITING = 16;
const LONGEST_PAUSE_MS = 1_000;
const remembered = new Map<string, Promise<LoadResult>>();
let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/**
 * Reads, checks and compiles a text once, whoever asks how often. Texts are compiled one after the other, and after each the gateway's calls have as
 * much time as it took.
 * @throws ApiProblem too_many_requests
 */
export async function readText(text: string, name: string): Promise<LoadResult> {
  const key = `${name}\n${text}`;
  const known = remembered.get(key);
  if (known === undefined && waiting >= MOST_WAITING) throw tooMany('too many policies are being checked at this moment; try again in some seconds', 5);
  const result = known ?? inTurn(text, name);
  remembered.delete(key);
  remembered.set(key, result);
  for (const [oldest] of remembered) {
    if (remembered.size <= MOST) break;
    remembered.delete(oldest);
  }
  return result;
}

function inTurn(text: string, name: string): Promise<LoadResult> {
  waiting += 1;
  let took = 0;
  const result = last.then(nextTurn, nextTurn).then(async () => {
    const begin = performance.now();
    try {
      return await loadPolicy(text, { name });
    } finally {
      waiting -= 1;
      took = performance.now() - begin;
    }
  });
  const rest = (): Promise<void> => pause(Math.min(took, LONGEST_PAUSE_MS));
  last = result.then(rest, rest);
  return result;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
