import { writeFileSync } from 'node:fs';
import { UsageError } from './usage-error.ts';

/** Writes a file. An existing one is somebody's work, so it is not replaced unless `force` says so. @throws UsageError */
export function writeNewFile(path: string, text: string, force: boolean): void {
  try {
    writeFileSync(path, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') throw new UsageError(`${path} exists`, 'choose another file, or add --force');
    throw new UsageError(`cannot write ${path} (${code ?? 'unknown error'})`);
  }
}
