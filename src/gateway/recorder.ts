import { randomBytes } from 'node:crypto';
import type { JsonNode } from '../wire/json-node.ts';
import type { Id } from '../mcp/message.ts';
import type { JournalEntry, Outcome, Settlement, State } from '../state/types.ts';
import { leastLogged } from '../policy/journal-choice.ts';
import { redactedArguments } from '../policy/redacted-arguments.ts';
import type { JournalChoice } from '../policy/types.ts';
import type { Conversation } from './conversation.ts';

/** How much of a hostile name, key or sample a row keeps (attack 55). */
const MAX_TEXT = 512;
const MAX_KEYS = 200;
const MAX_ARGUMENTS = 64 * 1024;

let pool = Buffer.alloc(0);
let used = 0;

/** 128 random bits, url-safe. Drawn in bulk, because one call of the generator costs more than the rest of a row. */
export function randomId(): string {
  if (used + 16 > pool.length) {
    pool = randomBytes(4096);
    used = 0;
  }
  const id = pool.toString('base64url', used, used + 16);
  used += 16;
  return id;
}

/** Cuts text for a row and says so. */
export function bounded(text: string, max: number = MAX_TEXT): string {
  return text.length <= max ? text : `${text.slice(0, max)}… (${text.length} characters)`;
}

/** What a row says beyond what the conversation knows. */
export interface RowFacts {
  readonly id?: string;
  readonly method: string | null;
  readonly name: string | null;
  readonly requestId: Id | null;
  readonly outcome: Outcome;
  readonly code: string | null;
  readonly rule?: string | null;
  readonly policy?: string | null;
  readonly reason?: string | null;
  readonly retryAfterMs?: number | null;
  readonly observed?: string | null;
  readonly arguments?: JsonNode | null;
  readonly upstreamStatus?: string | null;
  readonly latencyMs?: number | null;
}

/** Builds the journal row of one event in a conversation (protocol.md U1). */
export function journalRow(conversation: Conversation, facts: RowFacts): JournalEntry {
  const { state, keepArguments } = conversation.gateway;
  const kept = keptOf(facts.arguments ?? null, keepArguments, conversation.principal.policies.journal, state);
  return {
    id: facts.id ?? randomId(),
    server: conversation.principal.server,
    grant: conversation.principal.grant,
    session: conversation.session,
    transport: conversation.transport,
    protocol: conversation.version,
    method: facts.method === null ? null : bounded(facts.method),
    name: facts.name === null ? null : bounded(facts.name),
    requestId: facts.requestId === null ? null : bounded(JSON.stringify(facts.requestId)),
    outcome: facts.outcome,
    code: facts.code,
    rule: facts.rule ?? null,
    policy: facts.policy ?? null,
    reason: facts.reason ?? null,
    retryAfterMs: facts.retryAfterMs ?? null,
    observed: facts.observed ?? null,
    ...kept,
    upstreamStatus: facts.upstreamStatus ?? null,
    latencyMs: facts.latencyMs ?? null,
  };
}

type Kept = Pick<JournalEntry, 'argKeys' | 'argHash' | 'argValues'>;
const NOTHING_KEPT: Kept = { argKeys: null, argHash: null, argValues: null };

/** As much of the arguments as the configuration and every policy of the grant let the journal keep. */
function keptOf(args: JsonNode | null, keepArguments: boolean, choice: JournalChoice, state: State): Kept {
  const level = leastLogged(keepArguments ? 'values' : 'hash', choice.arguments);
  if (args === null || level === 'none') return NOTHING_KEPT;
  const argKeys = args.members().slice(0, MAX_KEYS).map((member) => bounded(member.key, 128));
  if (level === 'names') return { ...NOTHING_KEPT, argKeys };
  // A hash of the whole would let somebody with the key try values for what was redacted.
  const bytes = redactedArguments(args, choice.redact);
  return { argKeys, argHash: digestOf(state, bytes), argValues: level === 'values' ? bounded(bytes.toString('utf8'), MAX_ARGUMENTS) : null };
}

/** A state that is not there is found out when the row is written, and means a refusal then; it must not become an exception here. */
function digestOf(state: State, bytes: Uint8Array): string | null {
  try {
    return state.digest(bytes);
  } catch {
    return null;
  }
}

/**
 * Writes a row for something that was not forwarded. A journal that cannot be written does not turn a refusal into anything else:
 * the refusal stands, and the operator reads of the loss on the log.
 */
export function recordRefusal(conversation: Conversation, facts: RowFacts): string {
  const row = journalRow(conversation, facts);
  appendLoudly(conversation.gateway, row);
  return row.id;
}

/** Appends a row whose loss cannot change what happens, and logs when it was lost. */
export function appendLoudly(gateway: { readonly state: State; readonly log: (line: string) => void }, row: JournalEntry): void {
  const lost = (error: unknown): void => {
    gateway.log(`journal: a row was lost (${error instanceof Error ? error.message : 'unknown error'}): ${JSON.stringify({ outcome: row.outcome, code: row.code, server: row.server, grant: row.grant, method: row.method, name: row.name })}`);
  };
  try {
    const written = gateway.state.append(row);
    if (written instanceof Promise) written.catch(lost);
  } catch (error) {
    lost(error);
  }
}

/** Completes the row of a forwarded call. */
export function settle(conversation: Conversation, entry: string | null, settlement: Settlement): void {
  if (entry !== null) conversation.gateway.state.settle(entry, settlement);
}
