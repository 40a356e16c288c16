import { printable } from '../../policy/printable.ts';
import type { Style } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import type { ApiAnswer } from './api-client.ts';

export interface Change {
  readonly op: 'create' | 'update' | 'delete';
  readonly kind: string;
  readonly name: string;
  readonly fields: readonly string[];
}

export interface Problem {
  readonly pointer: string;
  readonly message: string;
  readonly help?: string;
}

/** What a gateway refused, as it says it. */
export interface Refusal {
  readonly code: string;
  readonly detail: string;
  readonly problems: readonly Problem[];
}

const SIGNS = { create: '+', update: '~', delete: '-' } as const;

/** One line for each change. Everything that came from the gateway is made safe to print. */
export function changeLines(changes: readonly Change[], style: Style): string[] {
  return changes.map(({ op, kind, name, fields }) => {
    const what = fields.length === 0 ? '' : `: ${fields.map((field) => printable(field, 80)).join(', ')}`;
    const line = `${SIGNS[op]} ${printable(kind, 20)} ${printable(name, 80)}${what}`;
    return op === 'create' ? style.green(line) : op === 'update' ? style.yellow(line) : style.red(line);
  });
}

/** `3 changes: 1 new, 2 changed, 0 removed` */
export function summaryLine(changes: readonly Change[]): string {
  const count = (op: Change['op']): number => changes.filter((change) => change.op === op).length;
  return `${changes.length === 1 ? '1 change' : `${changes.length} changes`}: ${count('create')} new, ${count('update')} changed, ${count('delete')} removed`;
}

/**
 * Reads the answer to /apply.
 * @throws UsageError for a token that may not do this, and for an answer that is none of a gateway's
 */
export function readAnswer({ status, body }: ApiAnswer): { readonly changes: readonly Change[]; readonly applied: boolean; readonly tokens: Readonly<Record<string, string>> } | Refusal {
  const members = isMap(body) ? body : {};
  if (status === 200 && Array.isArray(members['changes'])) {
    const tokens = isMap(members['tokens']) ? members['tokens'] : {};
    return { changes: members['changes'].map(changeOf), applied: members['applied'] === true, tokens: Object.fromEntries(Object.entries(tokens).map(([label, token]) => [label, String(token)])) };
  }
  return refusalOf(status, members);
}

/** @throws UsageError as `readAnswer` */
export function refusalOf(status: number, members: Readonly<Record<string, unknown>>): Refusal {
  const code = text(members['code']);
  const detail = printable(text(members['detail']), 400);
  if (code === '') throw new UsageError(`the answer (HTTP ${status}) is not one of PolicyLayer`, 'check --url');
  if (status === 401) throw new UsageError('the gateway does not know this API token', 'make one in the dashboard under Tokens; it may have expired or been revoked');
  if (status === 403) throw new UsageError(`this API token may not do that: ${detail}`, 'use a token of an admin');
  const problems = Array.isArray(members['problems']) ? members['problems'].filter(isMap) : [];
  return {
    code, detail,
    problems: problems.map((one) => ({ pointer: text(one['pointer']), message: printable(text(one['message']), 400), ...(typeof one['help'] === 'string' ? { help: printable(one['help'], 400) } : {}) })),
  };
}

function changeOf(value: unknown): Change {
  const members = isMap(value) ? value : {};
  const { op } = members;
  return {
    op: op === 'create' || op === 'delete' ? op : 'update', kind: text(members['kind']), name: text(members['name']),
    fields: Array.isArray(members['fields']) ? members['fields'].map(text) : [],
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
