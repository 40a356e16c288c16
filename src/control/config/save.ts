import type { Change, Kind, NewAuditEntry, Registry, Stored } from '../../state/registry/types.ts';
import type { ControlServices } from '../api/services.ts';
import { refusedChange } from '../api/versions.ts';

/**
 * Writes changes with their audit, and brings them into force. A configuration that could not be brought into force is told in the log: what was
 * written stays written, and the next look at the registry tries again.
 * @param what the kind of thing, for people. @param guarded the caller sent If-Match
 * @returns the new versions @throws ApiProblem, StateUnavailable
 */
export async function save(services: ControlServices, changes: readonly Change[], audit: readonly NewAuditEntry[], { what, guarded }: { readonly what: string; readonly guarded: boolean }): Promise<readonly (number | null)[]> {
  const result = await services.registry.apply(changes, audit);
  if (!result.ok) throw refusedChange(result, what, guarded);
  try {
    await services.refresh();
  } catch (error) {
    services.log(`a change of the registry is not in force yet: ${error instanceof Error ? error.message : 'unknown error'}`);
  }
  return result.versions;
}

/** Every record of a kind, in pages. */
export async function allRecords<K extends Kind>(registry: Registry, kind: K): Promise<Stored<K>[]> {
  const all: Stored<K>[] = [];
  for (;;) {
    const after = all.at(-1)?.name;
    const page = await registry.list(kind, { limit: 1000, ...(after === undefined ? {} : { after }) });
    all.push(...page);
    if (page.length < 1000) return all;
  }
}
