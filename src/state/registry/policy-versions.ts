import type { SqlDatabase, SqlRow, SqlStatement } from '../driver.ts';
import { fromColumn, toColumn } from '../text.ts';
import { bounded } from './page.ts';
import type { PolicyStage, PolicyVersion } from './types.ts';

/** Published texts. They are added to and never changed; a policy that is made anew under an old name goes on counting. */
export class PolicyVersions {
  readonly #insert: SqlStatement;
  readonly #newest: SqlStatement;
  readonly #get: SqlStatement;
  readonly #list: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#insert = database.prepare('INSERT INTO policy_versions (policy, number, text, stage, author, comment, at) VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#newest = database.prepare('SELECT max(number) FROM policy_versions WHERE policy = ?');
    this.#get = database.prepare('SELECT * FROM policy_versions WHERE policy = ? AND number = ?');
    this.#list = database.prepare('SELECT * FROM policy_versions WHERE policy = ? AND number < ? ORDER BY number DESC LIMIT ?');
  }

  /** Inside the caller's write transaction. @returns its number */
  add(version: Omit<PolicyVersion, 'number'>): number {
    const policy = toColumn(version.policy);
    const number = Number(this.#newest.first(policy)?.[0] ?? 0) + 1;
    this.#insert.run(policy, number, toColumn(version.text), version.stage, toColumn(version.author), toColumn(version.comment), version.at);
    return number;
  }

  get(policy: string, number: number): PolicyVersion | null {
    const row = Number.isSafeInteger(number) ? this.#get.get(toColumn(policy), number) : undefined;
    return row === undefined ? null : versionOf(row);
  }

  list(policy: string, { before = Number.MAX_SAFE_INTEGER, limit }: { readonly before?: number; readonly limit?: number }): PolicyVersion[] {
    return this.#list.all(toColumn(policy), before, bounded(limit)).map(versionOf);
  }
}

function versionOf(row: SqlRow): PolicyVersion {
  return {
    policy: fromColumn(row['policy']) ?? '',
    number: Number(row['number']),
    text: fromColumn(row['text']) ?? '',
    stage: String(row['stage']) as PolicyStage,
    author: fromColumn(row['author']) ?? '',
    comment: fromColumn(row['comment']),
    at: String(row['at']),
  };
}
