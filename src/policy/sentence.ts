const COMPARISON = /^([A-Za-z_][\w.[\]"]*) (<=|<|>=|>|==|!=|in) (.+)$/s;
const WORDS: Readonly<Record<string, string>> = {
  '<=': 'must be at most',
  '<': 'must be less than',
  '>=': 'must be at least',
  '>': 'must be more than',
  '==': 'must be',
  '!=': 'must not be',
  in: 'must be one of',
};

/** `amount <= 500` as a person says it: `amount must be at most 500`. What is no single comparison stays as it is. */
export function sentenceOf(wouldPass: string | null): string | null {
  if (wouldPass === null) return null;
  const match = / (?:&&|\|\|) |\?/.test(wouldPass) ? null : COMPARISON.exec(wouldPass);
  if (match === null) return `the call must satisfy ${wouldPass}`;
  const [, subject = '', operator = '', rest = ''] = match;
  return `${subject} ${WORDS[operator] ?? operator} ${rest}`;
}
