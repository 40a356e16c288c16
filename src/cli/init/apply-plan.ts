import { saveBackup } from './backups.ts';
import { FileProblem } from './config-file.ts';
import type { Group } from './groups.ts';
import type { PlannedFile } from './plan-files.ts';
import { writePolicies, type ProposedPolicy } from './policies.ts';
import { replaceFile } from './replace-file.ts';
import type { InitReport } from './report.ts';

export interface Applied {
  /** Files that were changed. */
  readonly files: readonly PlannedFile[];
  /** Directory of the backup. */
  readonly backup: string | null;
}

/**
 * Writes policies, then the backup, then each file. A file that cannot be replaced stays as it is and the others go on: its backup says
 * what it would have become, so `--undo` knows that there is nothing to take back.
 */
export function applyPlan(dataDir: string, files: readonly PlannedFile[], policies: ReadonlyMap<Group, ProposedPolicy>, report: InitReport): Applied {
  writePolicies(dataDir, policies);
  const planned = files.map((file) => ({ ...file, after: Buffer.from(file.text) }));
  const backup = saveBackup(dataDir, new Date(), planned);
  const changed: PlannedFile[] = [];
  for (const [index, { file, after }] of planned.entries()) {
    try {
      replaceFile(file, after);
      const original = files[index];
      if (original !== undefined) changed.push(original);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      report.problem(`${file.location.path}: ${error.message}`);
    }
  }
  return { files: changed, backup: backup.directory };
}
