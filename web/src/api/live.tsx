import { createContext, use, useEffect, useRef, useState, type ReactNode } from 'react';
import { apiUrl } from './client.ts';
import { queryClient } from './query-client.ts';
import { readEvents } from './event-stream.ts';

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'paused';
export type LiveEvent = 'call' | 'approval' | 'server' | 'stats' | 'config';
type Listener = (data: unknown) => void;

interface Live {
  readonly state: LiveState;
  readonly listen: (event: LiveEvent, listener: Listener) => () => void;
}

const LiveContext = createContext<Live>({ state: 'connecting', listen: () => () => undefined });

/** A tab that nobody looks at gives its connection back after this: a browser has six for each host. */
const HIDDEN_MS = 30_000;
const SLOWEST_RETRY_MS = 30_000;
/** Two heartbeats and a half: then the connection is dead, whatever the network says. */
const SILENCE_MS = 40_000;

/** One stream of events for the whole page, resumed where it broke off. */
export function LiveProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [state, setState] = useState<LiveState>('connecting');
  const listeners = useRef(new Map<LiveEvent, Set<Listener>>());
  useEffect(() => {
    const follower = new Follower(setState, (event, data) => {
      for (const listener of listeners.current.get(event) ?? []) listener(data);
      refresh(event);
    });
    return () => follower.stop();
  }, []);
  const [listen] = useState(() => (event: LiveEvent, listener: Listener) => {
    const set = listeners.current.get(event) ?? new Set();
    listeners.current.set(event, set.add(listener));
    return () => void set.delete(listener);
  });
  return <LiveContext value={{ state, listen }}>{children}</LiveContext>;
}

export function useLiveState(): LiveState {
  return use(LiveContext).state;
}

/** Calls `listener` with the data of every such event; it may be a new function each time. */
export function useLive(event: LiveEvent, listener: Listener): void {
  const { listen } = use(LiveContext);
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => listen(event, (data) => latest.current(data)), [event, listen]);
}

const STALE: Readonly<Record<LiveEvent, readonly string[]>> = { call: ['overview'], stats: [], approval: ['approvals', 'overview'], server: ['servers', 'overview'], config: ['servers', 'policies', 'grants', 'settings', 'held', 'overview'] };
/** Many events at once are one refresh. Calls come all the time, and only move figures. */
const DELAY_MS = { call: 5000, other: 400 } as const;
const waiting = new Set<string>();

function refresh(event: LiveEvent): void {
  if (!Object.hasOwn(STALE, event)) return;
  const delay = event === 'call' ? DELAY_MS.call : DELAY_MS.other;
  for (const key of STALE[event]) {
    const timer = `${key} ${delay}`;
    if (waiting.has(timer)) continue;
    waiting.add(timer);
    setTimeout(() => {
      waiting.delete(timer);
      void queryClient.invalidateQueries({ queryKey: [key] });
    }, delay);
  }
}

class Follower {
  readonly #state: (state: LiveState) => void;
  readonly #event: (event: LiveEvent, data: unknown) => void;
  #lastId: string | null = null;
  #abort: AbortController | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #hide: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #stopped = false;
  readonly #seen = (): void => this.#look();

  constructor(state: (state: LiveState) => void, event: (event: LiveEvent, data: unknown) => void) {
    this.#state = state;
    this.#event = event;
    document.addEventListener('visibilitychange', this.#seen);
    void this.#follow();
  }

  stop(): void {
    this.#stopped = true;
    document.removeEventListener('visibilitychange', this.#seen);
    clearTimeout(this.#retry);
    clearTimeout(this.#hide);
    this.#abort?.abort();
  }

  #look(): void {
    clearTimeout(this.#hide);
    if (document.hidden) {
      this.#hide = setTimeout(() => {
        clearTimeout(this.#retry);
        this.#abort?.abort();
        this.#state('paused');
      }, HIDDEN_MS);
    } else if (this.#abort === null) {
      clearTimeout(this.#retry);
      this.#failures = 0;
      void this.#follow();
    }
  }

  async #follow(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), SILENCE_MS);
    };
    try {
      heard();
      const response = await fetch(apiUrl('/events'), { headers: { accept: 'text/event-stream', ...(this.#lastId === null ? {} : { 'last-event-id': this.#lastId }) }, signal: abort.signal, cache: 'no-store' });
      if (response.status === 401) {
        void queryClient.invalidateQueries({ queryKey: ['session'] });
        this.#stopped = true;
      }
      if (response.ok && response.body !== null) {
        this.#state('live');
        this.#failures = 0;
        for await (const message of readEvents(response.body, heard)) {
          if (message.id !== null) this.#lastId = message.id;
          // What was missed is read again from the API: `gap` and `dropped` say that the stream has holes.
          if (message.event === 'gap' || message.event === 'dropped') void queryClient.invalidateQueries();
          else this.#event(message.event as LiveEvent, message.data);
        }
      }
    } catch {
      // Told by the state below; the next attempt follows.
    } finally {
      clearTimeout(silence);
      this.#abort = null;
    }
    if (this.#stopped || document.hidden) return;
    this.#state('reconnecting');
    this.#failures += 1;
    this.#retry = setTimeout(() => void this.#follow(), Math.min(SLOWEST_RETRY_MS, 500 * 2 ** Math.min(this.#failures, 6)) * (0.75 + Math.random() / 2));
  }
}
