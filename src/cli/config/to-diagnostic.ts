import type { Diagnostic } from '../../policy/diagnostic.ts';
import type { Problem } from './tree.ts';

/**
 * A problem of a configuration file in the form in which policies report theirs. It has no excerpt: the line of the file could
 * hold a secret.
 */
export function toDiagnostic(problem: Problem, file: string): Diagnostic {
  const parts = [problem.found === null ? null : `found ${problem.found}`, problem.expected === null ? null : `expected ${problem.expected}`].filter((part) => part !== null);
  return {
    severity: problem.severity,
    code: problem.code,
    file,
    line: problem.at.line,
    column: problem.at.column,
    pointer: '',
    message: parts.length === 0 ? problem.message : `${problem.message}: ${parts.join(', ')}`,
    help: problem.help,
    excerpt: null,
  };
}
