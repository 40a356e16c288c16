import type { ClientId } from './clients.ts';

/** What clients put in for `${NAME}`, `${env:NAME}`, `${NAME:-default}` and, for Gemini CLI, `$NAME`. */
const BRACED = /\$\{([^}]*)\}/g;
const BARE = /\$([A-Za-z_][A-Za-z0-9_]*)/g;

/** True when a client may put something in for a part of this text. */
export function hasReference(text: string): boolean {
  return /\$\{[^}]*\}/.test(text) || /\$[A-Za-z_]/.test(text);
}

export interface ReferenceContext {
  readonly client: ClientId | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** What the client would call the workspace; null for a file of the user. */
  readonly workspace: string | null;
}

export type Resolved = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reference: string };

/** Fills in what the client would. Fails with the first reference whose value only the client has. Zed and Codex fill in nothing. */
export function resolveReferences(text: string, context: ReferenceContext): Resolved {
  const { client } = context;
  if (client === 'zed' || client === 'codex' || client === 'claude-desktop') return { ok: true, text };
  let missing: string | null = null;
  const put = (whole: string, value: string | undefined): string => {
    if (value === undefined) missing ??= whole;
    return value ?? '';
  };
  let out = text.replace(BRACED, (whole, inner: string) => put(whole, valueOf(inner, context)));
  if (client === 'gemini') out = out.replace(BARE, (whole, name: string) => put(whole, own(context.env, name)));
  return missing === null ? { ok: true, text: out } : { ok: false, reference: missing };
}

function valueOf(inner: string, { env, home, workspace, client }: ReferenceContext): string | undefined {
  if (inner.startsWith('env:')) return own(env, inner.slice(4));
  if (client !== 'claude-code' && client !== 'gemini') {
    if (inner === 'workspaceFolder') return workspace ?? undefined;
    if (inner === 'userHome') return home;
    return undefined;
  }
  const withDefault = /^([A-Za-z_][A-Za-z0-9_]*):-(.*)$/s.exec(inner);
  return withDefault === null ? own(env, inner) : (own(env, withDefault[1] ?? '') ?? withDefault[2]);
}

function own(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}
