import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import type { DriverName } from '../../src/state/driver.ts';
import { nodeSqlite } from '../../src/state/driver-node.ts';
import type { ClockSource } from '../../src/state/store-clock.ts';

const AVAILABLE: readonly DriverName[] = nodeSqlite() === null ? ['libsql'] : ['node', 'libsql'];

/** Runs a suite once per driver that this Node has; says in one line which one it has not. */
export function forEachDriver(name: string, suite: (driver: DriverName) => void): void {
  for (const driver of AVAILABLE) {
    describe(`${name} [${driver}]`, () => {
      suite(driver);
    });
  }
  if (!AVAILABLE.includes('node')) test.skip(`${name} [node]: Node ${process.versions.node} has no node:sqlite`);
}

/** A private directory that is gone after the suite. */
export function scratch(): (file?: string) => string {
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-state-'));
  let number = 0;
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return (file) => join(directory, file ?? `${++number}`, file === undefined ? 'state.db' : '');
}

/** A machine whose clocks do what a test says. */
export class FakeMachine implements ClockSource {
  monotonic = 1_000_000;
  wall = Date.parse('2026-11-20T12:00:00Z');
  asleep = 0;
  boot = 'boot-1';

  monotonicUs(): number {
    return this.monotonic;
  }
  wallMs(): number {
    return Math.floor(this.wall);
  }
  uptimeUs(): number {
    return this.monotonic + this.asleep;
  }
  machine(): string {
    return this.boot;
  }
  /** Time passes, awake. */
  pass(microseconds: number): void {
    this.monotonic += microseconds;
    this.wall += microseconds / 1000;
  }
  /** Time passes with the machine asleep: the monotonic clock stands still. */
  sleep(microseconds: number): void {
    this.asleep += microseconds;
    this.wall += microseconds / 1000;
  }
}

export { budget, claim, entry, request, scope } from './builders.ts';
