import type { State } from '../../state/types.ts';
import type { ControlServices } from '../api/services.ts';
import { JournalOverview } from './journal-overview.ts';
import { LiveHub } from './live-hub.ts';

/** What the live views of one process share. */
export interface Live {
  readonly overview: JournalOverview;
  readonly hub: LiveHub;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

const lives = new WeakMap<State, Live>();

/** The live views of a store, one per process. */
export function liveOf(services: ControlServices): Live {
  let live = lives.get(services.state);
  if (live === undefined) {
    live = { overview: new JournalOverview(() => services.state.figures, services.now), hub: new LiveHub(services), startedAt: Date.now() - Math.round(process.uptime() * 1_000) };
    lives.set(services.state, live);
  }
  return live;
}
