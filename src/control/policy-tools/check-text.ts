import { classify } from '../../catalogue/index.ts';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import type { Diagnostic } from '../../policy/diagnostic.ts';
import { lintAgainst } from '../../policy/lint-against.ts';
import { readText } from './read-text.ts';
import type { ServerTools } from './server-tools.ts';

/** A diagnostic as the editor marks it. */
export interface PlainDiagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number | null;
  readonly endColumn: number | null;
  readonly pointer: string;
  readonly message: string;
  readonly help: string | null;
}

export function plainDiagnostic({ severity, code, line, column, pointer, message, help, excerpt }: Diagnostic): PlainDiagnostic {
  const marked = excerpt !== null && line > 0;
  return { severity, code, line, column, endLine: marked ? line : null, endColumn: marked ? column + excerpt.length : null, pointer, message, help };
}

export interface Checked {
  readonly diagnostics: PlainDiagnostic[];
  readonly summary: { readonly ok: boolean; readonly errors: number; readonly warnings: number; readonly rules: number; readonly tools: number | null };
}

/** What `policylayer check` says of a text. @param known tools that it is held against; null: none are named */
export async function checkText(text: string, known: ServerTools | null): Promise<Checked> {
  const loaded = await readText(text, 'policy');
  const against = loaded.ok && known !== null && known.names.length > 0 ? lintAgainst(loaded.policy, known.definitions, (definition) => classify(definition, { trusted: known.trusted })) : [];
  const errors = loaded.ok ? [] : loaded.errors;
  const all = [...errors, ...loaded.warnings, ...against].toSorted((one, other) => one.line - other.line || one.column - other.column);
  return {
    diagnostics: all.map(plainDiagnostic),
    summary: { ok: loaded.ok, errors: errors.length, warnings: all.length - errors.length, rules: loaded.ok ? ruleCount(loaded.policy) : 0, tools: known?.names.length ?? null },
  };
}

function ruleCount({ document }: CompiledPolicy): number {
  return Object.values(document.rules).reduce((sum, selectors) => sum + selectors.reduce((rules, { rules: own }) => rules + own.length, 0), 0);
}
