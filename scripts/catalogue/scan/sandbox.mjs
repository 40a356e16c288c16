// A place without network, without the user's files and without rights, in which a server of others may run.
//
// Linux namespaces: network (loopback only), mounts, processes, IPC. Home directories, temporary directories, /run and the repository are
// covered by empty ones; what the server needs (its package, its interpreter) is put back read-only. Started by root, the server runs as a
// user that owns nothing; started by anybody else, inside a user namespace. No capability is left in either case.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, posix } from 'node:path';

/** Free for everybody: two servers that run at once get different ones. */
const FIRST_UID = 64_000;
const LIMITS = ['--nproc=1024', '--fsize=268435456', '--nofile=8192', '--core=0', '--cpu=240'];
const SYSTEM = new Set(['bin', 'boot', 'dev', 'etc', 'lib', 'lib32', 'lib64', 'proc', 'sbin', 'sys', 'usr', 'var', 'opt']);

/**
 * The command that runs another one inside of the sandbox; its standard streams pass through.
 *
 * @param {object} what
 * @param {readonly string[]} what.command program and arguments, absolute paths
 * @param {Readonly<Record<string, string>>} what.env the whole environment besides HOME, TMPDIR, PATH and the like
 * @param {readonly string[]} what.path directories of PATH before the system's
 * @param {readonly string[]} what.visible directories that stay visible, read-only
 * @param {Readonly<Record<string, string>>} what.files texts of files in HOME, by relative path
 * @param {string} what.scratch a directory for compiled code, kept between starts of one server; emptied by the caller
 * @param {string} what.home becomes HOME, empty; below /home
 * @param {string} what.cwd becomes the working directory, empty; below /home
 * @param {readonly string[]} what.hidden directories to cover beyond those of the system
 * @param {number} what.job tells servers apart that run at once
 * @returns {string[]}
 */
export function sandboxed({ command, env, path, visible, files, scratch, home, cwd, hidden, job }) {
  const root = process.getuid() === 0;
  const uid = FIRST_UID + job;
  const user = root ? ['--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--bounding-set=-all'] : ['--bounding-set=-all'];
  const environment = {
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    USER: 'scan',
    LOGNAME: 'scan',
    TERM: 'dumb',
    CI: '1',
    PYTHONPYCACHEPREFIX: scratch,
    NODE_OPTIONS: '--max-old-space-size=1024',
    ...env,
    HOME: home,
    TMPDIR: '/tmp',
    PATH: [...path, '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
  };
  const directories = [...new Set(['/root', '/home', '/media', '/srv', '/run', '/tmp', '/var/tmp', '/dev/shm', homedir(), ...hidden])].filter((directory) => existsSync(directory));
  const covered = directories.filter((directory) => !directories.some((other) => directory.startsWith(`${other}/`)));
  const script = [
    'set -eu',
    'ip link set lo up 2>/dev/null || true',
    // What stays visible may lie below something that gets covered: it is held elsewhere meanwhile.
    'mount -t tmpfs -o size=1m,mode=755 none /mnt',
    ...[...visible, scratch].map((directory, index) => `mkdir /mnt/${index} && mount --bind ${quoted(directory)} /mnt/${index}`),
    ...covered.map((directory) => `mount -t tmpfs -o size=256m,mode=${/tmp|shm/.test(directory) ? '1777' : '755'},nosuid,nodev none ${quoted(directory)}`),
    ...visible.map((directory, index) => `mkdir -p ${quoted(directory)} && mount --bind /mnt/${index} ${quoted(directory)} && mount -o remount,bind,ro,nosuid ${quoted(directory)}${root ? '' : ' || true'}`),
    `mkdir -p ${quoted(scratch)} && mount --bind /mnt/${visible.length} ${quoted(scratch)}`,
    'umount -l /mnt',
    'mount -t tmpfs -o size=1m,mode=755 none /mnt',
    `mkdir -p ${quoted(home)} ${quoted(cwd)}`,
    ...Object.entries(files).flatMap(([name, content]) => {
      const file = posix.join(home, name);
      return [`mkdir -p ${quoted(posix.dirname(file))}`, `printf %s ${quoted(content)} > ${quoted(file)}`];
    }),
    ...(root ? [`chown -R ${uid}:${uid} ${quoted(home)} ${quoted(cwd)} ${quoted(scratch)}`] : []),
    // Many programs ask for the name and home of the user that they run as.
    ...(root ? [`printf 'root:x:0:0::/root:/bin/sh\\nscan:x:${uid}:${uid}::%s:/bin/sh\\n' ${quoted(home)} > /mnt/passwd && mount --bind /mnt/passwd /etc/passwd`] : []),
    `cd ${quoted(cwd)}`,
    `exec setpriv ${user.join(' ')} --inh-caps=-all --no-new-privs prlimit ${LIMITS.join(' ')} -- env -i ${Object.entries(environment).map(([name, value]) => quoted(`${name}=${value}`)).join(' ')} ${command.map(quoted).join(' ')}`,
  ].join('\n');
  return ['unshare', ...(root ? [] : ['--map-root-user']), '--net', '--mount', '--pid', '--ipc', '--fork', '--kill-child=SIGKILL', '--mount-proc', 'sh', '-c', script];
}

/** Directories of the user that lie outside of the system's: `/srv` for a repository in /srv/project. */
export function topDirectory(path) {
  const [, first = ''] = path.split('/');
  return SYSTEM.has(first) || first === '' ? path : `/${first}`;
}

/**
 * Tries the sandbox: nothing of others is started before it has been seen to hold.
 * @throws Error in one line when this machine cannot make one
 */
export function checkSandbox() {
  // No route but to itself, an empty home, a system that cannot be written to.
  const probe = 'test "$(wc -l < /proc/net/route)" -le 1 && test "$(ls -A "$HOME")" = work && ! touch /etc/policylayer-probe 2>/dev/null && grep "^CapEff:" /proc/self/status';
  const scratch = mkdtempSync(join(tmpdir(), 'policylayer-sandbox-'));
  let answer;
  try {
    const [program, ...args] = sandboxed({ command: ['/bin/sh', '-c', probe], env: {}, path: [], visible: [], files: {}, scratch, home: '/home/scan', cwd: '/home/scan/work', hidden: [], job: 99 });
    answer = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
  } catch (error) {
    throw new Error(`no sandbox without network can be made here (${String(error.stderr ?? error.message).trim().split('\n').at(-1)}): needs Linux with unshare, setpriv, prlimit and mount`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (!/^CapEff:\s*0+$/.test(answer.trim())) throw new Error('the sandbox leaves capabilities to what runs in it: nothing is started');
}

function quoted(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
