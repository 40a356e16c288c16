/** Programs that npm and its like install as `.cmd` files, which Windows starts through its shell only. */
const SCRIPTS = new Set(['npx', 'npm', 'pnpm', 'pnpx', 'yarn', 'corepack']);
/** Characters that the shell of Windows reads for itself, whatever quotes stand around them. */
const SHELL = /[&|<>^%!"()\r\n]/;

export type RunnableCommand = { readonly ok: true; readonly command: readonly [string, ...string[]] } | { readonly ok: false; readonly reason: string };

/**
 * A command as `run` can start it, which uses no shell. Clients on Windows find `npx.cmd` for `npx`; we put `cmd /c` in front, as the
 * clients' own documentation has it.
 * @param find the path that a name has on PATH, with its ending, or null
 */
export function runnableCommand(command: string, args: readonly string[], platform: NodeJS.Platform, find: (name: string) => string | null): RunnableCommand {
  if (platform !== 'win32') return { ok: true, command: [command, ...args] };
  const path = find(command);
  const script = /\.(cmd|bat)$/i.test(path ?? command) || (path === null && SCRIPTS.has(command.toLowerCase()));
  if (!script) return { ok: true, command: [command, ...args] };
  // An argument such as `a&b` would start a second program.
  const unsafe = [command, ...args].find((word) => SHELL.test(word));
  if (unsafe !== undefined) return { ok: false, reason: 'its command is a .cmd file and an argument holds a character that the shell of Windows would act on' };
  // Of a line that begins with a quote and holds more than two, `cmd /c` takes away the first and the last one.
  if (/\s/.test(command) && args.some((arg) => arg === '' || /\s/.test(arg))) return { ok: false, reason: 'its command is a .cmd file with a space in its path, and an argument holds one too, which the shell of Windows would take apart' };
  return { ok: true, command: ['cmd', '/c', command, ...args] };
}
