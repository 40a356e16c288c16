import type { Diagnostic } from '../../policy/diagnostic.ts';
import { loadPolicy } from '../../policy/load.ts';
import { ApiProblem } from '../api/problem.ts';

/** A diagnostic as the API tells it, in answers and among the problems of a refusal. */
export interface ShownDiagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly line: number;
  readonly column: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  readonly pointer: string;
  readonly message: string;
  readonly help?: string;
}

export function shownDiagnostic({ severity, code, line, column, pointer, message, help, excerpt }: Diagnostic): ShownDiagnostic {
  // The place is on one line wherever there is an excerpt.
  const end = excerpt === null || line === 0 ? {} : { endLine: line, endColumn: column + Math.max(1, excerpt.length) };
  return { severity, code, line, column, ...end, pointer, message, ...(help === null ? {} : { help }) };
}

/** Every error and warning of a text. */
export async function diagnosticsOf(name: string, text: string): Promise<ShownDiagnostic[]> {
  const result = await loadPolicy(text, { name });
  return [...(result.ok ? [] : result.errors), ...result.warnings].map(shownDiagnostic);
}

/** @throws ApiProblem invalid_policy with everything that is wrong */
export async function demandSound(name: string, text: string): Promise<void> {
  const result = await loadPolicy(text, { name });
  if (result.ok) return;
  const { errors } = result;
  throw new ApiProblem('invalid_policy', `the policy has ${errors.length === 1 ? 'an error' : `${errors.length} errors`}; nothing was published`, { problems: [...errors, ...result.warnings].map((one) => ({ ...shownDiagnostic(one) })) });
}
