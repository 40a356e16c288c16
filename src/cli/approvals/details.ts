import { shownJson, shownText, type Shown } from '../../gateway/approval-http/shown-json.ts';
import type { ApprovalRecord } from '../../state/types.ts';
import type { Style } from '../terminal.ts';
import { left } from './table.ts';

/** One request as a person reads it before deciding: the exact arguments, every character that cannot be seen written as an escape. */
export function requestDetails(record: ApprovalRecord, now: number, url: string | null, style: Style): string[] {
  const text = (pieces: readonly Shown[]): string => pieces.map((piece) => paint(piece, style)).join('');
  const one = (value: string): string => text(shownText(value));
  const given = record.votes.filter(({ decision }) => decision === 'approve').length;
  const rows: (readonly [string, string])[] = [
    ['Request', record.id],
    ['Status', record.status === 'pending' ? `pending, ${given} of ${record.needed} approvals given` : record.status],
    ['Call', `${style.bold(one(record.name))} on ${one(record.server)}`],
    ['By', one(record.grant)],
    ...(record.reason === null ? [] : [['Reason', one(record.reason)] as const]),
    ['Rule', `${one(record.rule)} of ${one(record.policyId)}`],
    ['Asked', utc(record.createdAt)],
    ['Expires', `${utc(record.expiresAt)}${record.status === 'pending' || record.status === 'approved' ? ` (${left(record.expiresAt, now)} left)` : ''}`],
    ...(record.approvers === null ? [] : [['Approvers', record.approvers.map(one).join(', ')] as const]),
    ['Ways', record.via.join(', ')],
    ...(url === null ? [] : [['Page', url] as const]),
    ...record.votes.map((vote) => [vote.decision === 'approve' ? 'Approved' : 'Denied', `by ${one(vote.approver)} via ${vote.way}, ${utc(vote.at)}${vote.comment === null ? '' : `: ${one(vote.comment)}`}`] as const),
  ];
  const lines = rows.map(([name, value]) => `${style.dim(name.padEnd(10))} ${value}`);
  if (record.argumentsText === null) return [...lines, `${style.dim('Arguments'.padEnd(10))} none${record.status === 'pending' ? '' : ', or erased after the decision'}`];
  const { pieces } = shownJson(record.argumentsText, Number.POSITIVE_INFINITY);
  return [...lines, style.dim('Arguments'), ...text(pieces).split('\n').map((line) => `  ${line}`)];
}

function paint({ text, escaped, kind }: Shown, style: Style): string {
  if (escaped) return style.yellow(text);
  return kind === 'name' ? style.bold(text) : kind === 'string' ? style.green(text) : text;
}

function utc(iso: string): string {
  return iso.replace('T', ' ').replace(/(:\d\d)\.\d+Z$/, '$1 UTC');
}
