import { loadPolicy, type LoadResult } from '../../policy/load.ts';

/** Texts whose result is kept: an editor asks several things of each. */
const MOST = 8;
const remembered = new Map<string, Promise<LoadResult>>();
let last: Promise<unknown> = Promise.resolve();

/**
 * Reads, checks and compiles a text once, whoever asks how often. Texts are compiled one after the other, with a turn of the event loop between:
 * the gateway's calls wait for one at most.
 */
export function readText(text: string, name: string): Promise<LoadResult> {
  const key = `${name}\n${text}`;
  const result = remembered.get(key) ?? last.then(nextTurn, nextTurn).then(() => loadPolicy(text, { name }));
  last = result;
  remembered.delete(key);
  remembered.set(key, result);
  for (const [oldest] of remembered) {
    if (remembered.size <= MOST) break;
    remembered.delete(oldest);
  }
  return result;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
