import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+ pgid` and `- pgid`. When its stdin ends, the gateway is gone, however it died: whoever is still in one of the groups gets a
 * second to act on its own closed stdin, then SIGTERM, then SIGKILL. Signals meant for the gateway's terminal or unit are ignored,
 * because ending early would defeat the purpose; the closed pipe ends it for certain.
 */
const SCRIPT = `
trap '' HUP INT TERM
groups=' '
while read -r op id; do
  case $op in
    +) groups="$groups$id " ;;
    -) case $groups in *" $id "*) groups="\${groups%%" $id "*} \${groups#*" $id "}" ;; esac ;;
  esac
done
alive() {
  left=''
  for id in $groups; do kill -0 "-$id" 2>/dev/null && left="$left $id"; done
  groups=$left
  [ -n "$groups" ]
}
alive || exit 0
sleep 1
alive || exit 0
for id in $groups; do kill -TERM "-$id" 2>/dev/null; done
sleep 1
alive || exit 0
for id in $groups; do kill -KILL "-$id" 2>/dev/null; done
exit 0
`;

/**
 * One small shell per gateway process that ends the children of a gateway which was killed with SIGKILL (protocol.md D3). A server that
 * minds its stdin needs none of this; one that ignores it would otherwise live for ever. Started with the first child, about 1 MB.
 */
class OrphanGuard {
  readonly #groups = new Set<number>();
  #shell: ChildProcess | null = null;
  #broken = false;

  /** Puts a group under guard. Never throws: without a shell there is no guard, and the gateway works all the same. */
  watch(pgid: number): void {
    this.#groups.add(pgid);
    if (this.#shell !== null) this.#write(`+ ${pgid}\n`);
    else this.#start();
  }

  /** The group is gone; its number may be given to somebody else from now on. */
  forget(pgid: number): void {
    if (this.#groups.delete(pgid)) this.#write(`- ${pgid}\n`);
  }

  #start(): void {
    if (this.#broken || process.platform === 'win32') return;
    // Its own session, so that Ctrl-C in the gateway's terminal does not reach it.
    const shell = spawn('/bin/sh', ['-c', SCRIPT], {
      detached: true, cwd: '/', env: { PATH: '/usr/bin:/bin' }, stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#shell = shell;
    const lost = (): void => {
      if (this.#shell === shell) this.#shell = null;
    };
    shell.on('error', () => {
      this.#broken = true;
      lost();
    });
    shell.on('exit', lost);
    shell.stdin?.on('error', lost);
    shell.unref();
    const stdin = shell.stdin as (NodeJS.WritableStream & { unref?: () => void }) | null;
    stdin?.unref?.();
    for (const pgid of this.#groups) this.#write(`+ ${pgid}\n`);
  }

  #write(line: string): void {
    this.#shell?.stdin?.write(line);
  }
}

/** The guard of this process. */
export const orphanGuard = new OrphanGuard();
