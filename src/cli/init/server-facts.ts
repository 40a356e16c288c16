import { CATEGORIES } from '../../catalogue/index.ts';
import type { FoundServer } from './discover.ts';
import type { Group } from './groups.ts';
import type { PlannedFile } from './plan-files.ts';
import type { ProposedPolicy } from './policies.ts';
import { shownTarget } from './render.ts';
import type { GroupScan } from './scan-server.ts';

export interface Outcome {
  readonly scans: ReadonlyMap<Group, GroupScan>;
  readonly left: ReadonlyMap<Group, string>;
  readonly changed: readonly PlannedFile[];
  readonly planned: readonly PlannedFile[];
  readonly proposals: ReadonlyMap<Group, ProposedPolicy>;
}

/** One server for `--json`, without any secret. */
export function serverFacts(server: FoundServer, outcome: Outcome): object {
  const { entry, spec, file } = server;
  const isMember = (files: readonly PlannedFile[]): boolean => files.some(({ members }) => members.some((member) => member === server));
  const groupIn = (groups: Iterable<Group>): Group | undefined => [...groups].find((group) => group.members.some((member) => member === server));
  const group = groupIn([...outcome.scans.keys(), ...outcome.left.keys(), ...outcome.proposals.keys()]);
  const state = isMember(outcome.changed) ? 'wrapped' : isMember(outcome.planned) ? 'would_wrap' : spec.kind === 'done' ? 'already_wrapped' : spec.kind === 'skip' ? 'skipped' : 'left_alone';
  const reason = spec.kind === 'done' || spec.kind === 'skip' ? spec.reason : group === undefined ? null : (outcome.left.get(group) ?? null);
  const scan = group === undefined ? undefined : outcome.scans.get(group);
  return {
    client: file.location.client,
    path: file.location.path,
    entry: entry.path,
    name: entry.name,
    state,
    reason,
    target: shownTarget(spec),
    disabled: spec.kind === 'stdio' || spec.kind === 'http' ? spec.disabled : null,
    policy: group === undefined ? null : (outcome.proposals.get(group)?.path ?? null),
    scan: scan === undefined ? null : scanFacts(scan),
  };
}

function scanFacts(scan: GroupScan): object {
  if (!scan.ok) return { status: scan.status, message: scan.message };
  const counts = Object.fromEntries(CATEGORIES.map((category) => [category, scan.tools.filter((tool) => tool.classification.category === category).length]));
  const tools = scan.tools.map(({ name, classification: { category, risk, confidence } }) => ({ name, category, risk, confidence }));
  return { status: 'ok', counts, tools };
}
