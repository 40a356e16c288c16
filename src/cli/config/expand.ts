/** What is wrong with one `${...}` in a text. `offset` counts characters from the start of the text. */
export type ExpansionProblem =
  | { readonly kind: 'missing'; readonly name: string; readonly offset: number }
  | { readonly kind: 'malformed'; readonly text: string; readonly offset: number };

export interface Expansion {
  readonly text: string;
  /** Variables that were put in, in order. */
  readonly names: readonly string[];
  readonly problems: readonly ExpansionProblem[];
}

/**
 * Replaces `${NAME}` by the variable's value; `$${` stands for a literal `${`. A value is put in as it is and never expanded again.
 * An empty variable counts as missing: a token or an address that silently became empty must stop the start.
 */
export function expand(text: string, env: Readonly<Record<string, string | undefined>>): Expansion {
  const names: string[] = [];
  const problems: ExpansionProblem[] = [];
  const result = text.replace(/\$\$\{|\$\{([^}]*)(\}?)/g, (match, name: string | undefined, close: string | undefined, offset: number) => {
    if (match === '$${') return '${';
    if (name === undefined || close !== '}' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      problems.push({ kind: 'malformed', text: match, offset });
      return '';
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined || value === '') {
      problems.push({ kind: 'missing', name, offset });
      return '';
    }
    names.push(name);
    return value;
  });
  return { text: result, names, problems };
}
