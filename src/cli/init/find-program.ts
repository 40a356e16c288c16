import { statSync } from 'node:fs';
import { win32 } from 'node:path';

/** The path, with its ending, that Windows finds for the name of a program; null when there is none. Elsewhere nobody asks. */
export function findWindowsProgram(name: string, env: Readonly<Record<string, string | undefined>>): string | null {
  const value = (wanted: string): string => Object.entries(env).find(([key]) => key.toUpperCase() === wanted)?.[1] ?? '';
  const endings = ['', ...(value('PATHEXT') || '.COM;.EXE;.BAT;.CMD').split(';').map((ending) => ending.toLowerCase())];
  const places = /[\\/]/.test(name) ? [name] : value('PATH').split(';').filter((directory) => directory !== '').map((directory) => win32.join(directory, name));
  for (const place of places) {
    // A file without an ending beside `npx.cmd` is the script for other systems.
    const found = endings.filter((ending) => ending !== '' || /\.[a-z]{2,4}$/i.test(place)).map((ending) => place + ending).find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
    if (found !== undefined) return found;
  }
  return null;
}
