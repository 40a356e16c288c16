import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
// Not from policy/index.ts: `run` would read all of the library at its start.
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import type { Diagnostic } from '../policy/diagnostic.ts';
import { loadPolicy, MAX_DOCUMENT_BYTES } from '../policy/load.ts';
import { fromJSON, toJSON } from '../policy/saved-policy.ts';
import { readPrivate, writePrivate } from './private-file.ts';

export interface PolicyFile {
  /** Part of the identity of counters; keep it when the file moves. */
  readonly name: string;
  readonly path: string;
}

export type PoliciesResult =
  /** `texts`: the documents, by name. */
  | { readonly ok: true; readonly policies: readonly CompiledPolicy[]; readonly texts: ReadonlyMap<string, string>; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly errors: readonly Diagnostic[]; readonly warnings: readonly Diagnostic[] };

/** Checked policies that are kept; more are never in use at once on one machine. */
const MAX_CACHED = 64;

/** The name of a policy that was given by path: the file's name without `.policy` and its ending. */
export function policyName(path: string): string {
  return basename(path).replace(/(\.policy)?\.(ya?ml|json)$/i, '');
}

/**
 * Loads all files, and reports every error of all of them. An unreadable file is an error like any other: a policy that is missing
 * must never mean "no rules".
 * @param cacheDirectory checked policies are kept here by content hash, so that the next start needs no YAML; null keeps none
 */
export async function loadPolicyFiles(files: readonly PolicyFile[], cacheDirectory: string | null): Promise<PoliciesResult> {
  const policies: CompiledPolicy[] = [];
  const texts = new Map<string, string>();
  const errors: Diagnostic[] = [];
  const warnings: Diagnostic[] = [];
  for (const file of files) {
    const text = readText(file);
    if (typeof text !== 'string') {
      errors.push(text);
      continue;
    }
    texts.set(file.name, text);
    const cachePath = cacheDirectory === null ? null : join(cacheDirectory, `${keyOf(file.name, text)}.json`);
    const cached = cachePath === null ? null : await fromCache(cachePath, file.name);
    if (cached !== null) {
      policies.push(cached);
      continue;
    }
    const result = await loadPolicy(text, { name: file.name, file: file.path });
    warnings.push(...result.warnings);
    if (!result.ok) {
      errors.push(...result.errors);
      continue;
    }
    policies.push(result.policy);
    // A policy with warnings is read anew each time, so that they are seen each time.
    if (cachePath !== null && cacheDirectory !== null && result.warnings.length === 0) toCache(cachePath, cacheDirectory, result.policy);
  }
  return errors.length > 0 ? { ok: false, errors, warnings } : { ok: true, policies, texts, warnings };
}

function readText(file: PolicyFile): string | Diagnostic {
  const problem = (message: string, help: string): Diagnostic => ({
    severity: 'error', code: 'unreadable', file: file.path, line: 1, column: 1, pointer: '', message, help, excerpt: null,
  });
  try {
    const stats = statSync(file.path);
    if (!stats.isFile()) return problem('this is not a file', 'name a policy file');
    if (stats.size > MAX_DOCUMENT_BYTES) return problem(`the file has ${stats.size} bytes; expected at most ${MAX_DOCUMENT_BYTES}`, 'use globs, or divide it into several policies');
    const bytes = readFileSync(file.path);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return problem('there is no such file', 'check the path');
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return problem('the file is not UTF-8', 'save it as UTF-8');
    return problem(`the file cannot be read (${code ?? 'unknown error'})`, 'check the permissions of the file');
  }
}

function keyOf(name: string, text: string): string {
  return createHash('sha256').update(JSON.stringify([name, text])).digest('hex');
}

/** A cache entry that is unusable in any way is none: the text decides. */
async function fromCache(path: string, name: string): Promise<CompiledPolicy | null> {
  try {
    const text = readPrivate(path);
    if (text === null) return null;
    const result = await fromJSON(JSON.parse(text));
    return result.ok && result.policy.name === name ? result.policy : null;
  } catch {
    return null;
  }
}

function toCache(path: string, directory: string, policy: CompiledPolicy): void {
  try {
    writePrivate(path, JSON.stringify(toJSON(policy)));
    const entries = readdirSync(directory).map((name) => join(directory, name));
    if (entries.length <= MAX_CACHED) return;
    const byAge = entries.map((entry) => ({ entry, at: statSync(entry, { throwIfNoEntry: false })?.mtimeMs ?? 0 })).sort((a, b) => b.at - a.at);
    for (const { entry } of byAge.slice(MAX_CACHED)) rmSync(entry, { force: true });
  } catch {
    // A read-only data directory costs a slower next start and nothing else.
  }
}
