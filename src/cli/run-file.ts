import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readPrivate, writePrivate } from './private-file.ts';

/** What a running gateway leaves in its data directory, so that `status` and `doctor` find it. */
export interface RunFile {
  readonly pid: number;
  /** Base URL without a trailing slash. */
  readonly url: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly version: string;
  /** Absolute path of gateway.yaml, or null for the demo. */
  readonly config: string | null;
  /** `name@hash` of every policy in force. */
  readonly policies: readonly string[];
}

const pathIn = (dataDir: string): string => join(dataDir, 'gateway.json');

export function writeRunFile(dataDir: string, content: RunFile): void {
  writePrivate(pathIn(dataDir), `${JSON.stringify(content)}\n`);
}

/** @returns null when there is none, or none that we could have written */
export function readRunFile(dataDir: string): RunFile | null {
  try {
    const text = readPrivate(pathIn(dataDir));
    if (text === null) return null;
    const value = JSON.parse(text) as Partial<RunFile> | null;
    if (typeof value?.pid !== 'number' || typeof value.url !== 'string' || !/^http:\/\/[^\s]+$/.test(value.url)) return null;
    return { pid: value.pid, url: value.url, startedAt: String(value.startedAt), version: String(value.version), config: typeof value.config === 'string' ? value.config : null, policies: Array.isArray(value.policies) ? value.policies.map(String) : [] };
  } catch {
    return null;
  }
}

/** Removes our own file only: another gateway may have taken over the directory. */
export function removeRunFile(dataDir: string, pid: number): void {
  if (readRunFile(dataDir)?.pid === pid) rmSync(pathIn(dataDir), { force: true });
}
