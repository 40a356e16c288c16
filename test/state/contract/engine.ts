import type { State } from '../../../src/state/types.ts';
import { FakeMachine, forEachDriver, scratch } from '../support.ts';
import { batched } from '../../../src/state/batched-admissions.ts';
import { openState } from '../../../src/state/open.ts';

/** An engine that the contract suites can be held against. Every state opened on one `place` shares one store, as processes do. */
export interface Engine {
  place(): string;
  open(place: string, clock: FakeMachine): Promise<State>;
}

/** Runs a suite against every engine that there is: SQLite with each driver that this Node has, alone and batching. */
export function forEachEngine(name: string, suite: (engine: Engine) => void): void {
  forEachDriver(name, (driver) => {
    const path = scratch();
    suite({ place: () => path(), open: (place, clock) => openState({ path: place, driver, clock }) });
  });
  forEachDriver(`${name}, batched`, (driver) => {
    const path = scratch();
    suite({ place: () => path(), open: async (place, clock) => batched(await openState({ path: place, driver, clock })) });
  });
}

/** One store with one state on it, which is what most tests need. */
export async function one(engine: Engine): Promise<{ state: State; clock: FakeMachine; place: string; again: () => Promise<State> }> {
  const clock = new FakeMachine();
  const place = engine.place();
  return { state: await engine.open(place, clock), clock, place, again: () => engine.open(place, clock) };
}
