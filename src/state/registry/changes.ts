import type { SqlDatabase, SqlStatement } from '../driver.ts';
import type { LinkStore } from './links.ts';
import type { PolicyVersions } from './policy-versions.ts';
import type { RecordStore } from './records.ts';
import { ChangeRefused } from './refused.ts';
import type { SecretStore } from './secrets.ts';
import type { SessionStore } from './sessions.ts';
import type { Change, Kind } from './types.ts';

export interface Stores {
  readonly records: RecordStore;
  readonly versions: PolicyVersions;
  readonly secrets: SecretStore;
  readonly sessions: SessionStore;
  readonly links: LinkStore;
}

/** Kinds that a gateway's configuration is built from. */
const CONFIGURATION: ReadonlySet<Kind> = new Set<Kind>(['server', 'policy', 'grant', 'setting', 'upstream_auth']);

/** Writes changes one after another, inside the caller's write transaction. */
export class ChangeWriter {
  readonly #stores: Stores;
  readonly #revise: SqlStatement;
  readonly #revision: SqlStatement;

  constructor(database: SqlDatabase, stores: Stores) {
    this.#stores = stores;
    this.#revise = database.prepare('UPDATE registry SET revision = revision + 1');
    this.#revision = database.prepare('SELECT revision FROM registry');
  }

  revision(): number {
    return Number(this.#revision.first()?.[0] ?? 0);
  }

  /** @returns the new version of each record that has one now @throws ChangeRefused; `reached` is then told which one */
  write(changes: readonly Change[], at: string, reached: (index: number) => void): (number | null)[] {
    const versions = changes.map((change, index) => {
      reached(index);
      return this.#one(change, at);
    });
    if (changes.some(touchesConfiguration)) this.#revise.run();
    return versions;
  }

  #one(change: Change, at: string): number | null {
    const { records, secrets, sessions, links } = this.#stores;
    switch (change.op) {
      case 'put':
        return records.put(change.kind, change.name, change.value, change.expect, at);
      case 'delete':
        records.delete(change.kind, change.name, change.expect);
        if (change.kind === 'member') {
          // Who is gone is out, also where the caller forgets it.
          sessions.close({ member: change.name });
          links.removeOf(change.name);
        }
        return null;
      case 'publish':
        return this.#publish(change, at);
      case 'seal':
        if (change.replaces !== undefined && secrets.get(change.secret.name)?.sealed.equals(change.replaces) !== true) throw new ChangeRefused('conflict', null);
        secrets.put(change.secret);
        return null;
      case 'unseal':
        secrets.drop(change.name);
        return null;
    }
  }

  #publish({ policy, text, stage, comment, author, expect }: Extract<Change, { op: 'publish' }>, at: string): number {
    const { records, versions } = this.#stores;
    const before = records.get('policy', policy);
    if (before === null) throw new ChangeRefused('not_found', null);
    if (expect !== undefined && before.version !== expect) throw new ChangeRefused('conflict', before.version);
    const number = versions.add({ policy, text, stage, author, comment, at });
    return records.put('policy', policy, { ...before.value, draft: null, published: { number, stage } }, before.version, at);
  }
}

function touchesConfiguration(change: Change): boolean {
  return change.op === 'put' || change.op === 'delete' ? CONFIGURATION.has(change.kind) : true;
}
