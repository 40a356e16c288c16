import { meaningOf } from './undo.ts';
import type { SavedEntry } from './backups.ts';
import { parseText, writeObstacle, type ConfigFile } from './config-file.ts';
import type { Group, Member } from './groups.ts';
import type { Edit } from './syntax.ts';
import { applyVerified, wrapEdits } from './wrap-entry.ts';
import { planWrap, type WrapSettings } from './wrap-plan.ts';

export interface PlannedFile {
  readonly file: ConfigFile;
  readonly text: string;
  readonly edits: readonly Edit[];
  readonly entries: readonly SavedEntry[];
  readonly members: readonly Member[];
}

export interface FilePlan {
  readonly files: readonly PlannedFile[];
  readonly refused: readonly { readonly server: Member; readonly reason: string }[];
}

export type SettingsFor = (group: Group, member: Member) => WrapSettings;

/** What each file becomes. Reads and writes nothing but what it is given. */
export function planFiles(groups: readonly Group[], settingsFor: SettingsFor): FilePlan {
  const refused: { server: Member; reason: string }[] = [];
  const byFile = new Map<ConfigFile, { member: Member; edits: readonly Edit[]; command: string; args: readonly string[] }[]>();
  for (const group of groups) {
    for (const member of group.members) {
      const { file, entry, spec } = member;
      const planned = planWrap(spec, settingsFor(group, member));
      const result = planned.ok ? wrapEdits(file.text, entry, spec, planned.plan) : planned;
      if (!planned.ok || !result.ok || !('edits' in result)) {
        refused.push({ server: member, reason: 'reason' in result ? result.reason : 'it cannot be wrapped' });
        continue;
      }
      const args = [...planned.plan.args, ...(spec.kind === 'stdio' ? spec.args : [])];
      byFile.set(file, [...(byFile.get(file) ?? []), { member, edits: result.edits, command: planned.plan.command, args }]);
    }
  }
  const files = [...byFile].flatMap(([file, wraps]): PlannedFile[] => {
    const members = wraps.map(({ member }) => member);
    const refuse = (reason: string): [] => {
      refused.push(...members.map((server) => ({ server, reason })));
      return [];
    };
    const obstacle = writeObstacle(file);
    if (obstacle !== null) return refuse(`${file.location.path}: ${obstacle}`);
    const { format, containers } = file.location;
    const edits = wraps.flatMap((wrap) => wrap.edits);
    try {
      const text = applyVerified(file.text, format, containers, edits, new Map(wraps.map(({ member, command, args }) => [JSON.stringify(member.entry.path), { command, args }])));
      return [{ file, text, edits, entries: savedEntries(file, text, members), members }];
    } catch (error) {
      return refuse(`${file.location.path}: it could not be edited safely (${error instanceof Error ? error.message : 'unknown error'})`);
    }
  });
  return { files, refused };
}

function savedEntries(file: ConfigFile, text: string, members: readonly Member[]): SavedEntry[] {
  const { entries } = parseText(text, file.location);
  return members.map(({ entry }) => {
    const key = JSON.stringify(entry.path);
    const after = entries.find((each) => JSON.stringify(each.path) === key);
    if (after === undefined) throw new Error('an entry would vanish');
    return { path: entry.path, before: file.text.slice(entry.start, entry.end), after: text.slice(after.start, after.end), meaning: meaningOf(after.value) };
  });
}
