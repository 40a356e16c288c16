import { hasReference } from './references.ts';

/** What is shown in place of a secret. */
export const MASK = '***';

const SECRET_NAME = /key|token|secret|passw|pwd|credential|auth|bearer|cookie|session/i;
const KNOWN_PREFIX = /^(sk-|pk-|gh[opsu]_|github_pat_|glpat-|xox[abeprs]-|AKIA|ASIA|eyJ|pl[ga]_|npm_|pypi-|AIza|SG\.|hf_|lin_api_|ntn_|secret_|Bearer |Basic )/;

/** True for a text that is shaped like a credential. Shapes only: a password of a few letters looks like a word. */
export function looksSecret(text: string): boolean {
  if (text.length < 12) return false;
  if (KNOWN_PREFIX.test(text)) return true;
  if (/^[0-9a-f]{32,}$/i.test(text)) return true;
  return /^[A-Za-z0-9_=+-]{24,}$/.test(text) && /\d/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text);
}

/** True for the name of a variable, flag, header or setting that usually holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A value under `env` or `headers`: never shown, unless it only refers to something. */
export function maskValue(value: string): string {
  return /^(Bearer )?\$(\{[^}]*\}|[A-Za-z_]\w*)$/.test(value) || value === '' ? value : MASK;
}

/** Arguments of a command with what may be secret masked: after `--token`, in `--token=…`, in `API_KEY=…`, in URLs, and by shape. */
export function maskArguments(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const before = args[index - 1] ?? '';
    const assignment = /^([^=\s]+)=(.+)$/s.exec(arg);
    if (assignment !== null && before !== '--header-env' && !arg.includes('://') && isSecretName(assignment[1] ?? '')) return `${assignment[1]}=${MASK}`;
    // `--bearer-env` and its like take the name of a variable, which is no secret.
    if (before.startsWith('-') && !before.includes('=') && !arg.startsWith('-') && isSecretName(before) && !before.endsWith('-env')) return MASK;
    const header = /^([A-Za-z][A-Za-z0-9-]*):\s*(.+)$/s.exec(arg);
    if (header !== null && !arg.includes('://') && /^(--header|-H)$/.test(before)) return `${header[1]}: ${maskValue(header[2] ?? '')}`;
    return before === '--header-env' ? arg : maskText(arg);
  });
}

/** A text of any kind: secret-looking words, and what URLs carry besides their path. */
export function maskText(text: string): string {
  return text
    // Every repetition before a character that may be missing is bounded: histories in such files are long words without end.
    .replace(/([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/@"']+)@/gi, `$1${MASK}@`)
    .replace(/(https?:\/\/[^\s?"']{1,2000})\?([^\s"'#]+)/gi, (_, base: string, query: string) => `${base}?${query.replace(/=([^&]*)/g, `=${MASK}`)}`)
    .replace(/(https?:\/\/[^\s/?#"']{1,300})(\/[^\s?#"']*)/gi, (_, host: string, path: string) => host + path.split('/').map((segment) => (isKey(segment) ? MASK : segment)).join('/'))
    .replace(/[A-Za-z0-9_=+.-]{12,}/g, (word) => (looksSecret(word) ? MASK : word));
}

/** A part of a path that is long and mixed, as the keys are that some services put into addresses. */
function isKey(segment: string): boolean {
  return segment.length >= 16 && /\d/.test(segment) && /[A-Za-z]/.test(segment);
}

/** True when a URL must not stand on a command line, which every user of the machine can read: it carries more than an address. */
export function urlHoldsSecret(url: string): boolean {
  if (hasReference(url)) return true;
  if (!URL.canParse(url)) return true;
  const { search, pathname } = new URL(url);
  return search !== '' || pathname.split('/').some(isKey);
}
