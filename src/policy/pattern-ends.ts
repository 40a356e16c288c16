/**
 * Where a match of the pattern may begin or end inside the text; null when every match certainly spans the whole text: `^…$` on every
 * branch, without `(?m)`. Reads just enough of the syntax to be sure; in doubt an end is open. It only feeds a lint.
 */
export function openEnds(pattern: string): 'start' | 'end' | 'both' | null {
  const flags = /^\(\?([a-zA-Z]*)\)/.exec(pattern);
  const branches = /\(\?[a-zA-Z]*m/.test(pattern) ? null : branchesOf(pattern.slice(flags?.[0].length ?? 0));
  const start = branches === null || !branches.every(startsAnchored);
  const end = branches === null || !branches.every(endsAnchored);
  if (start) return end ? 'both' : 'start';
  return end ? 'end' : null;
}

function startsAnchored(branch: string): boolean {
  return /^(?:\^|\\A)(?![*?{+])/.test(branch);
}

function endsAnchored(branch: string): boolean {
  const end = /(\\*)(\$|\\z)$/.exec(branch);
  if (end === null) return false;
  // An even number of backslashes before a dollar escapes each other, not the dollar.
  return (end[1] ?? '').length % 2 === 0;
}

/** The alternatives of the outermost level; null when brackets do not match. */
function branchesOf(pattern: string): readonly string[] | null {
  const branches: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < pattern.length; i += 1) {
    switch (pattern[i]) {
      case '\\':
        if (pattern[i + 1] === 'Q') return null;
        i += 1;
        break;
      case '[': {
        const end = classEnd(pattern, i);
        if (end < 0) return null;
        i = end;
        break;
      }
      case '(':
        depth += 1;
        break;
      case ')':
        depth -= 1;
        break;
      case '|':
        if (depth === 0) {
          branches.push(pattern.slice(from, i));
          from = i + 1;
        }
        break;
      default:
    }
  }
  branches.push(pattern.slice(from));
  const [only] = branches;
  const inner = branches.length === 1 && only !== undefined ? /^\((?:\?:)?(.*)\)$/s.exec(only)?.[1] : undefined;
  // One group around everything: look inside, unless it ends before the end, as in `(a)|(b)`.
  return inner !== undefined && depth === 0 && balanced(inner) ? branchesOf(inner) : depth === 0 ? branches : null;
}

/** Offset of the `]` that closes the class at `start`. */
function classEnd(pattern: string, start: number): number {
  let i = start + 1;
  if (pattern[i] === '^') i += 1;
  if (pattern[i] === ']') i += 1;
  while (i < pattern.length && pattern[i] !== ']') {
    if (pattern[i] === '\\') i += 1;
    else if (pattern.startsWith('[:', i)) i = Math.max(i, pattern.indexOf(':]', i) + 1);
    i += 1;
  }
  return i < pattern.length ? i : -1;
}

/** Whether no closing bracket stands before its opening one. */
function balanced(pattern: string): boolean {
  let depth = 0;
  for (let i = 0; i < pattern.length; i += 1) {
    if (pattern[i] === '\\') i += 1;
    else if (pattern[i] === '[') i = Math.max(i, classEnd(pattern, i));
    else if (pattern[i] === '(') depth += 1;
    else if (pattern[i] === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
