// Reads catalogue/servers.yaml: which packages are scanned, in which version, and how they are started.
import { readFileSync } from 'node:fs';
import { isMap, parseDocument } from 'yaml';

const SLUG = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const PACKAGE = { npm: /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/, pypi: /^[A-Za-z0-9][A-Za-z0-9._-]*$/ };
const VERSION = /^[0-9][0-9A-Za-z.+!-]*$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RELATIVE = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;
const FIELDS = new Set(['slug', 'registry', 'name', 'version', 'folder', 'with', 'start', 'args', 'credentials', 'env', 'files', 'python', 'note']);

/**
 * @typedef {object} Entry one server of the list
 * @property {string} slug
 * @property {'npm' | 'pypi'} registry
 * @property {string} name of the package
 * @property {string | null} version exact; null only in an entry that `--pin` has not filled in yet
 * @property {string | null} folder the package is taken from here, not from the registry (the scanner's own tests)
 * @property {readonly string[]} with packages to install beside it, as `name` or `name==version`
 * @property {string | null} start name of the executable; null: the only one, or the one that has the package's name
 * @property {readonly string[]} args here and in `env`, `{home}` and `{cwd}` stand for the two directories
 * @property {Readonly<Record<string, string>>} env fake credentials and settings
 * @property {Readonly<Record<string, string>>} files what its HOME holds, by relative path
 * @property {string | null} python version of the interpreter
 */

/** The name of the files of a package when the list gives none. */
export function slugOf(name) {
  return name.toLowerCase().replace(/^@/, '').replaceAll('/', '-');
}

/**
 * @returns {{ entries: Entry[], problems: string[] }} every problem, each with its place
 */
export function parseList(text) {
  const document = parseDocument(text, { maxAliasCount: 0 });
  const problems = document.errors.map((error) => error.message.split('\n')[0]);
  if (problems.length > 0) return { entries: [], problems };
  const { servers, credentials = {} } = document.toJS() ?? {};
  if (!Array.isArray(servers)) return { entries: [], problems: ['servers: expected a list'] };
  const sets = new Map();
  for (const [name, set] of Object.entries(credentials)) {
    sets.set(name, { env: variables(set.env ?? {}, `credentials.${name}.env`, problems), files: contents(set.files ?? {}, `credentials.${name}.files`, problems) });
  }
  const entries = servers.map((item, index) => readEntry(item, `servers[${index}]`, sets, problems)).filter((entry) => entry !== null);
  const seen = new Set();
  for (const { slug } of entries) {
    if (seen.has(slug)) problems.push(`${slug}: stands twice in the list; give one of them another slug`);
    seen.add(slug);
  }
  return { entries, problems };
}

function readEntry(item, at, sets, problems) {
  const refuse = (problem) => void problems.push(`${at}: ${problem}`);
  if (typeof item !== 'object' || item === null) return refuse('expected a map') ?? null;
  for (const key of Object.keys(item)) if (!FIELDS.has(key)) refuse(`unknown field ${key}; expected ${[...FIELDS].join(', ')}`);
  if (!Object.hasOwn(PACKAGE, item.registry ?? '')) return refuse('registry: expected npm or pypi') ?? null;
  if (!PACKAGE[item.registry].test(item.name ?? '')) return refuse('name: expected the name of a package') ?? null;
  const slug = item.slug ?? slugOf(item.name);
  if (!SLUG.test(slug)) refuse('slug: expected lower case letters, digits, ., _ and -');
  if (item.version !== undefined && !(typeof item.version === 'string' && VERSION.test(item.version))) refuse(`version: expected an exact version in quotes, found ${String(item.version)}`);
  for (const more of item.with ?? []) if (!/^@?[A-Za-z0-9][A-Za-z0-9._/@=<>~^-]*$/.test(String(more))) refuse(`with: ${String(more)} is no package`);
  const env = {};
  const files = {};
  for (const name of item.credentials ?? []) {
    const set = sets.get(name);
    if (set === undefined) refuse(`credentials: there is no set ${name}`);
    Object.assign(env, set?.env);
    Object.assign(files, set?.files);
  }
  Object.assign(env, variables(item.env ?? {}, `${at}.env`, problems));
  Object.assign(files, contents(item.files ?? {}, `${at}.files`, problems));
  return {
    slug,
    registry: item.registry,
    name: item.name,
    version: item.version ?? null,
    folder: item.folder ?? null,
    with: (item.with ?? []).map(String),
    start: item.start ?? null,
    args: (item.args ?? []).map(String),
    env,
    files,
    python: item.python === undefined ? null : String(item.python),
  };
}

function variables(set, at, problems) {
  const read = {};
  for (const [name, value] of Object.entries(set)) {
    if (!VARIABLE.test(name)) problems.push(`${at}: ${name} is no name of a variable`);
    else if (typeof value === 'object') problems.push(`${at}.${name}: expected text`);
    else read[name] = String(value);
  }
  return read;
}

function contents(set, at, problems) {
  for (const [name, value] of Object.entries(set)) {
    if (!RELATIVE.test(name) || name.split('/').includes('..')) problems.push(`${at}: ${name} is no relative path`);
    else if (typeof value !== 'string') problems.push(`${at}.${name}: expected text`);
  }
  return set;
}

/** The text of the list with exact versions written into the entries that had none; comments and order stay. */
export function withVersions(text, versions) {
  const document = parseDocument(text);
  for (const item of document.get('servers').items) {
    if (!isMap(item) || item.has('version')) continue;
    const version = versions.get(item.get('slug') ?? slugOf(item.get('name')));
    if (version === undefined) continue;
    const at = item.items.findIndex(({ key }) => key.value === 'name') + 1;
    const scalar = document.createNode(version);
    scalar.type = 'QUOTE_SINGLE';
    item.items.splice(at, 0, document.createPair('version', scalar));
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

export function readList(path) {
  try {
    return parseList(readFileSync(path, 'utf8'));
  } catch (error) {
    return { entries: [], problems: [`cannot be read: ${error.code ?? error.message}`] };
  }
}
