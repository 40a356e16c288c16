import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { Change, NewAuditEntry, Registry, Stored, UpstreamAuthDefinition } from '../../state/registry/types.ts';
import type { SecretBox } from '../api/services.ts';
import { keptClient, type KeptClient, keptLease, keptTokens, type KeptTokens } from './kept.ts';

/** Longer than a renewal can take with all its time limits. */
const LEASE_MS = 45_000;

const secretName = (server: string, what: 'client' | 'tokens' | 'lease'): string => `upstream_auth/${server}/${what}`;

/** What the registry keeps for the OAuth of MCP servers: a record that everybody may see, and sealed secrets. */
export class TokenStore {
  readonly #registry: Registry;
  readonly #secrets: SecretBox;
  readonly #now: () => number;
  /** Tells this process from others. */
  readonly #holder = randomUUID();

  constructor(registry: Registry, secrets: SecretBox, now: () => number) {
    this.#registry = registry;
    this.#secrets = secrets;
    this.#now = now;
  }

  record(server: string): Promise<Stored<'upstream_auth'> | null> {
    return Promise.resolve(this.#registry.get('upstream_auth', server));
  }

  client(server: string): Promise<KeptClient | null> {
    return this.#open(secretName(server, 'client'), keptClient);
  }

  tokens(server: string): Promise<KeptTokens | null> {
    return this.#open(secretName(server, 'tokens'), keptTokens);
  }

  /**
   * Writes the record together with what is kept sealed, whole or not at all.
   * @param kept undefined leaves it as it is, null removes it
   * @returns false when somebody else has changed the record meanwhile
   */
  async save(server: string, change: {
    readonly record: UpstreamAuthDefinition; readonly expect?: number | null;
    readonly client?: KeptClient | null; readonly tokens?: KeptTokens | null; readonly release?: boolean; readonly audit?: readonly NewAuditEntry[];
  }): Promise<boolean> {
    const changes: Change[] = [{ op: 'put', kind: 'upstream_auth', name: server, value: change.record, ...(change.expect === undefined ? {} : { expect: change.expect }) }];
    for (const what of ['client', 'tokens'] as const) {
      const value = change[what];
      if (value === null) changes.push({ op: 'unseal', name: secretName(server, what) });
      else if (value !== undefined) changes.push(this.#seal(server, what, value));
    }
    if (change.release === true) changes.push({ op: 'unseal', name: secretName(server, 'lease') });
    return (await this.#registry.apply(changes, change.audit ?? [])).ok;
  }

  /** Forgets everything of a server. */
  async remove(server: string, audit: readonly NewAuditEntry[]): Promise<void> {
    const unsealed = (['client', 'tokens', 'lease'] as const).map((what): Change => ({ op: 'unseal', name: secretName(server, what) }));
    const record = await this.record(server);
    await this.#registry.apply([...(record === null ? [] : [{ op: 'delete', kind: 'upstream_auth', name: server } as const]), ...unsealed], audit);
  }

  /**
   * Takes the right to renew. A refresh token that is used twice is taken for a stolen one, so of several processes only one may use it.
   * @returns false when another one has it, or has just changed something
   */
  async lease(server: string, record: Stored<'upstream_auth'>): Promise<boolean> {
    const held = await this.#open(secretName(server, 'lease'), keptLease);
    if (held !== null && held.holder !== this.#holder && held.until > this.#now()) return false;
    const changes: Change[] = [
      { op: 'put', kind: 'upstream_auth', name: server, value: record.value, expect: record.version },
      this.#seal(server, 'lease', { holder: this.#holder, until: this.#now() + LEASE_MS }),
    ];
    return (await this.#registry.apply(changes, [])).ok;
  }

  async release(server: string): Promise<void> {
    await this.#registry.apply([{ op: 'unseal', name: secretName(server, 'lease') }], []);
  }

  #seal(server: string, what: 'client' | 'tokens' | 'lease', value: unknown): Change {
    return { op: 'seal', secret: this.#secrets.seal(secretName(server, what), JSON.stringify(value)) };
  }

  async #open<Schema extends z.ZodType>(name: string, schema: Schema): Promise<z.output<Schema> | null> {
    const secret = await this.#registry.secret(name);
    return secret === null ? null : schema.parse(JSON.parse(this.#secrets.open(secret)));
  }
}
