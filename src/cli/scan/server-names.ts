import { serverName } from '../run-options.ts';

const LAUNCHERS = /(?:^|[/\\])(?:npx|pnpx|bunx|uvx|uv|pipx|npm|pnpm|yarn|bun)(?:\.exe|\.cmd)?$/;
const SUBCOMMANDS = /^(?:run|exec|dlx|tool|x)$/;
/** Options of launchers whose value is the package. */
const PACKAGE_OPTIONS = /^(?:-p|--package|--from|--spec)(?:=(.+))?$/;
/** Options with a value that is none. */
const OTHER_VALUES = /^(?:--python|--index|--index-url|--registry|--with|--cache|--directory|-c|--call)$/;

/** The package that a launcher command starts, with its version if it says one; null when the command names a program. */
export function packageOf(command: readonly string[]): string | null {
  const [program, ...rest] = command;
  if (program === undefined || !LAUNCHERS.test(program)) return null;
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index] ?? '';
    const option = PACKAGE_OPTIONS.exec(word);
    if (option !== null) return option[1] ?? rest[index + 1] ?? null;
    if (OTHER_VALUES.test(word)) index += 1;
    else if (!word.startsWith('-') && !SUBCOMMANDS.test(word)) return word;
  }
  return null;
}

/** What the server of a command may be known by, the surest first. */
export function namesOfCommand(command: readonly string[]): readonly string[] {
  const found = packageOf(command);
  return found === null ? [serverName(command)] : [found, serverName(command)];
}
