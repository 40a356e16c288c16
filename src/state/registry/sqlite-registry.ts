import type { SqlDatabase, SqlStatement } from '../driver.ts';
import { AnswerStore, type Begun } from './answers.ts';
import { AuditLog } from './audit.ts';
import { ChangeWriter } from './changes.ts';
import { LinkStore } from './links.ts';
import { PolicyVersions } from './policy-versions.ts';
import { RecordStore } from './records.ts';
import { ChangeRefused } from './refused.ts';
import { SecretStore } from './secrets.ts';
import { SessionStore } from './sessions.ts';
import type {
  ApplyResult, AuditCheck, AuditEntry, AuditFilter, Change, Kind, LinkRecord, NewAuditEntry, PolicyVersion, Registry, RegistrySnapshot, RepeatedAnswer, SealedSecret, SessionRecord, Stored,
} from './types.ts';
import { bearerKey, emailKey, oidcKey } from './unique-keys.ts';

const HOUR_MS = 3_600_000;
/** Rows of each table that one tidying takes: nobody waits long for the lock. */
const TIDIED = 500;

/** What the engine lends: its transactions, its way to tell failures, its clock. */
export interface RegistryHost {
  readonly transact: <Result>(task: string, work: () => Result) => Result;
  readonly read: <Result>(task: string, work: () => Result) => Result;
  /** Wall clock, milliseconds. */
  readonly wallMs: () => number;
}

/** The registry on SQLite. Every method is synchronous. */
export class SqliteRegistry implements Registry {
  readonly #host: RegistryHost;
  readonly #records: RecordStore;
  readonly #versions: PolicyVersions;
  readonly #secrets: SecretStore;
  readonly #sessions: SessionStore;
  readonly #links: LinkStore;
  readonly #answers: AnswerStore;
  readonly #audit: AuditLog;
  readonly #writer: ChangeWriter;
  readonly #begin: SqlStatement;
  readonly #end: SqlStatement;

  constructor(database: SqlDatabase, host: RegistryHost) {
    this.#host = host;
    this.#records = new RecordStore(database);
    this.#versions = new PolicyVersions(database);
    this.#secrets = new SecretStore(database);
    this.#sessions = new SessionStore(database);
    this.#links = new LinkStore(database);
    this.#answers = new AnswerStore(database);
    this.#audit = new AuditLog(database);
    this.#writer = new ChangeWriter(database, { records: this.#records, versions: this.#versions, secrets: this.#secrets, sessions: this.#sessions, links: this.#links });
    this.#begin = database.prepare('BEGIN');
    this.#end = database.prepare('ROLLBACK');
  }

  get<K extends Kind>(kind: K, name: string): Stored<K> | null {
    return this.#read(() => this.#records.get(kind, name));
  }

  list<K extends Kind>(kind: K, page: { readonly after?: string; readonly limit?: number } = {}): Stored<K>[] {
    return this.#read(() => this.#records.list(kind, page));
  }

  /** In one read transaction: a writer in another process is seen whole or not at all. */
  snapshot(): RegistrySnapshot {
    return this.#read(() => {
      this.#begin.run();
      try {
        return {
          revision: this.#writer.revision(),
          servers: this.#records.all('server'),
          policies: this.#records.all('policy').map((policy) => ({ ...policy, text: this.#textOf(policy) })),
          grants: this.#records.all('grant'),
          settings: this.#records.all('setting'),
          secrets: this.#secrets.all(),
        };
      } finally {
        this.#end.run();
      }
    });
  }

  #textOf({ name, value }: Stored<'policy'>): string | null {
    return value.published === null ? null : (this.#versions.get(name, value.published.number)?.text ?? null);
  }

  revision(): number {
    return this.#read(() => this.#writer.revision());
  }

  apply(changes: readonly Change[], audit: readonly NewAuditEntry[]): ApplyResult {
    let index = 0;
    try {
      const versions = this.#write(() => {
        const at = this.#now();
        const written = this.#writer.write(changes, at, (reached) => (index = reached));
        for (const entry of audit) this.#audit.add(entry, at);
        return written;
      });
      return { ok: true, versions };
    } catch (error) {
      const refused = error instanceof Error && error.cause instanceof ChangeRefused ? error.cause : null;
      if (refused === null) throw error;
      return { ok: false, index, why: refused.why, current: refused.current };
    }
  }

  policyVersions(policy: string, page: { readonly before?: number; readonly limit?: number } = {}): PolicyVersion[] {
    return this.#read(() => this.#versions.list(policy, page));
  }

  policyVersion(policy: string, number: number): PolicyVersion | null {
    return this.#read(() => this.#versions.get(policy, number));
  }

  secret(name: string): SealedSecret | null {
    return this.#read(() => this.#secrets.get(name));
  }

  secretNames(prefix: string): readonly { readonly name: string; readonly key: number }[] {
    return this.#read(() => this.#secrets.names(prefix));
  }

  memberByEmail(email: string): Stored<'member'> | null {
    return this.#byKey('member', emailKey(email));
  }

  memberByOidc(issuer: string, subject: string): Stored<'member'> | null {
    return this.#byKey('member', oidcKey(issuer, subject));
  }

  tokenByHash(tokenSha256: string): Stored<'token'> | null {
    return this.#byKey('token', bearerKey(tokenSha256));
  }

  #byKey<K extends Kind>(kind: K, key: string): Stored<K> | null {
    return this.#read(() => {
      const name = this.#records.keys.holder(kind, key);
      return name === null ? null : this.#records.get(kind, name);
    });
  }

  touchToken(name: string): void {
    const nowMs = this.#host.wallMs();
    const used = this.get('token', name)?.value.lastUsedAt ?? null;
    if (used !== null && nowMs - Date.parse(used) < HOUR_MS) return;
    this.#write(() => {
      const token = this.#records.get('token', name);
      const hour = new Date(nowMs - (nowMs % HOUR_MS)).toISOString();
      if (token !== null && token.value.lastUsedAt !== hour) this.#records.put('token', name, { ...token.value, lastUsedAt: hour }, token.version, this.#now());
    });
  }

  openSession(session: SessionRecord): void {
    this.#write(() => this.#sessions.open(session));
  }

  session(hash: string): SessionRecord | null {
    return this.#read(() => this.#sessions.get(hash, this.#now()));
  }

  touchSession(hash: string, lastUsedAt: string): void {
    this.#write(() => this.#sessions.touch(hash, lastUsedAt));
  }

  sessionsOf(member: string): SessionRecord[] {
    return this.#read(() => this.#sessions.of(member, this.#now()));
  }

  closeSessions(which: { readonly hash: string } | { readonly member: string; readonly except?: string }): number {
    return this.#write(() => this.#sessions.close(which));
  }

  addLink(link: LinkRecord): void {
    this.#write(() => this.#links.add(link));
  }

  link(hash: string): LinkRecord | null {
    return this.#read(() => this.#links.get(hash, this.#now()));
  }

  useLink(hash: string): LinkRecord | null {
    return this.#write(() => this.#links.take(hash, this.#now()));
  }

  removeLinks(purpose: LinkRecord['purpose'], member: string | null): number {
    return this.#write(() => this.#links.remove(purpose, member));
  }

  beginRepeatable(key: string, digest: string): Begun {
    return this.#write(() => this.#answers.begin(key, digest, this.#host.wallMs()));
  }

  endRepeatable(answer: RepeatedAnswer | { readonly key: string; readonly failed: true }): void {
    this.#write(() => this.#answers.end(answer, this.#now()));
  }

  addAudit(entry: NewAuditEntry): void {
    this.#write(() => this.#audit.add(entry, this.#now()));
  }

  audit(filter: AuditFilter = {}): AuditEntry[] {
    return this.#read(() => this.#audit.list(filter));
  }

  checkAudit(): AuditCheck {
    return this.#read(() => this.#audit.check());
  }

  tidy(): void {
    this.#write(() => {
      this.#sessions.tidy(this.#now(), TIDIED);
      this.#links.tidy(this.#now(), TIDIED);
      this.#answers.tidy(this.#host.wallMs(), TIDIED);
    });
  }

  #now(): string {
    return new Date(this.#host.wallMs()).toISOString();
  }

  #read<Result>(work: () => Result): Result {
    return this.#host.read('cannot read the registry', work);
  }

  #write<Result>(work: () => Result): Result {
    return this.#host.transact('cannot change the registry', work);
  }
}
