// Puts a package into a folder of its own. No code of the package runs: npm runs no scripts, PyPI packages are taken as wheels only.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runBounded } from './bounded.mjs';

const INSTALL_MS = 300_000;
export const DEFAULT_PYTHON = '3.12';

/** How an installation failed, as a status of the report. */
export class InstallFailure extends Error {
  constructor(status, message, log = '') {
    super(message);
    this.status = status;
    this.log = log;
  }
}

/**
 * @param {import('./list-file.mjs').Entry} entry
 * @param {{ folder: string, cache: string, node: string }} where
 * @returns {Promise<{ version: string, command: string[], path: string[], visible: string[] }>}
 * @throws {InstallFailure}
 */
export async function install(entry, where) {
  rmSync(where.folder, { recursive: true, force: true });
  mkdirSync(where.folder, { recursive: true });
  return entry.registry === 'npm' ? installNpm(entry, where) : installPypi(entry, where);
}

async function installNpm(entry, { folder, cache, node }) {
  const home = join(folder, 'node_modules', entry.name);
  if (entry.folder !== null) cpSync(entry.folder, home, { recursive: true });
  else {
    const spec = entry.version === null ? entry.name : `${entry.name}@${entry.version}`;
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--no-progress', '--prefer-offline', '--omit=dev', '--loglevel=error', '--cache', join(cache, 'npm')];
    const run = await runBounded(['npm', 'install', '--prefix', folder, ...flags, spec, ...entry.with], { timeoutMs: INSTALL_MS, cwd: folder });
    if (run.code !== 0) throw new InstallFailure(run.exceeded === null ? 'install_failed' : 'install_timeout', `npm could not install ${spec}`, run.stderr);
  }
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const bins = typeof manifest.bin === 'string' ? { [entry.name.split('/').at(-1)]: manifest.bin } : (manifest.bin ?? {});
  const file = bins[choose(Object.keys(bins), entry)];
  const path = join(home, file);
  if (!existsSync(path)) throw new InstallFailure('no_command', 'the executable that the package names is not in it');
  const native = !/^#!.*node/.test(readFileSync(path, 'latin1').split('\n', 1)[0]) && !/\.[cm]?js$/.test(path);
  return {
    version: manifest.version,
    command: native ? [path, ...entry.args] : [node, path, ...entry.args],
    path: [dirname(node), join(folder, 'node_modules/.bin')],
    visible: [folder, dirname(dirname(realpathSync(node)))].filter((directory) => directory !== '/usr'),
  };
}

async function installPypi(entry, { folder, cache }) {
  const base = await interpreter(entry.python ?? DEFAULT_PYTHON);
  const venv = join(folder, 'venv');
  const spec = entry.version === null ? entry.name : `${entry.name}==${entry.version}`;
  const env = { ...process.env, UV_CACHE_DIR: join(cache, 'uv'), VIRTUAL_ENV: venv };
  const made = await runBounded(['uv', 'venv', '--quiet', '--python', join(base, 'bin/python3'), venv], { timeoutMs: INSTALL_MS, env, cwd: folder });
  if (made.code !== 0) throw new InstallFailure('install_failed', 'no virtual environment could be made', made.stderr);
  const run = await runBounded(['uv', 'pip', 'install', '--quiet', '--only-binary', ':all:', '--python', join(venv, 'bin/python'), spec, ...entry.with], { timeoutMs: INSTALL_MS, env, cwd: folder });
  if (run.code !== 0) {
    const status = run.exceeded !== null ? 'install_timeout' : /no usable wheels|building source distributions is disabled/i.test(run.stderr) ? 'no_wheel' : 'install_failed';
    throw new InstallFailure(status, `uv could not install ${spec}`, run.stderr);
  }
  const packages = join(venv, 'lib', readdirSync(join(venv, 'lib'))[0], 'site-packages');
  const { version, scripts } = distribution(packages, entry.name);
  const script = join(venv, 'bin', choose(scripts, entry));
  if (!existsSync(script)) throw new InstallFailure('no_command', 'the executable of the package is not there');
  return { version, command: [join(venv, 'bin/python'), script, ...entry.args], path: [join(venv, 'bin')], visible: [folder, base] };
}

/** Version and console scripts of an installed distribution. */
function distribution(packages, name) {
  const normal = (text) => text.toLowerCase().replaceAll(/[-_.]+/g, '-');
  const installed = readdirSync(packages).filter((file) => file.endsWith('.dist-info')).map((file) => file.slice(0, -'.dist-info'.length));
  const found = installed.find((file) => normal(file.slice(0, file.lastIndexOf('-'))) === normal(name));
  if (found === undefined) throw new InstallFailure('install_failed', 'the package is not among what was installed');
  const points = join(packages, `${found}.dist-info`, 'entry_points.txt');
  const section = existsSync(points) ? (readFileSync(points, 'utf8').split(/^\[console_scripts\]\s*$/m)[1]?.split(/^\[/m)[0] ?? '') : '';
  const scripts = [...section.matchAll(/^\s*([^\s=]+)\s*=/gm)].map(([, script]) => script);
  return { version: found.slice(found.lastIndexOf('-') + 1), scripts };
}

function choose(names, { start, name }) {
  const last = name.split('/').at(-1);
  const found = start ?? (names.length === 1 ? names[0] : names.find((script) => script.toLowerCase() === last.toLowerCase()));
  if (found !== undefined && names.includes(found)) return found;
  throw new InstallFailure('no_command', names.length === 0 ? 'the package has no executable' : `the package has several executables: ${names.join(' ').slice(0, 200)}`);
}

/** The directory of a Python. It may lie below somebody's home: the sandbox shows that directory and nothing else of it. */
async function interpreter(version) {
  const found = await runBounded(['uv', 'python', 'find', '--no-project', version], { timeoutMs: 60_000 });
  if (found.code !== 0) throw new InstallFailure('no_interpreter', `there is no Python ${version} here`, found.stderr);
  return dirname(dirname(realpathSync(found.stdout.trim())));
}
