import { ALSO_SENT, isShownWhole } from '../../gateway/approval-http/shown-call.ts';
import type { ApprovalRecord } from '../../state/types.ts';
import type { Style } from '../terminal.ts';
import { left } from './table.ts';
import { Paper } from './paper.ts';

/**
 * One request as a person reads it before deciding: the exact arguments and whatever else is sent, every character that cannot be seen
 * written as an escape.
 * @param width columns to break lines at; infinite for output that nobody reads on a terminal
 */
export function requestDetails(record: ApprovalRecord, now: number, url: string | null, style: Style, width = Number.POSITIVE_INFINITY): string[] {
  const paper = new Paper(style, width);
  const given = record.votes.filter(({ decision }) => decision === 'approve').length;
  paper.row('Request', record.id);
  paper.row('Status', record.status === 'pending' ? `pending, ${given} of ${record.needed} approvals given` : record.status);
  paper.row('Call', record.name);
  paper.row('Server', record.server);
  paper.row('Method', record.method);
  paper.row('By', record.grant);
  if (record.reason !== null) paper.row('Reason', record.reason);
  paper.row('Rule', `${record.rule} of ${record.policyId}`);
  paper.row('Asked', utc(record.createdAt));
  paper.row('Expires', `${utc(record.expiresAt)}${record.status === 'pending' || record.status === 'approved' ? ` (${left(record.expiresAt, now)} left)` : ''}`);
  if (record.approvers !== null) paper.row('Approvers', record.approvers.join(', '));
  paper.row('Ways', record.via.join(', '));
  if (url !== null) paper.row('Page', url);
  for (const vote of record.votes) paper.row(vote.decision === 'approve' ? 'Approved' : 'Denied', `by ${vote.approver} via ${vote.way}, ${utc(vote.at)}${vote.comment === null ? '' : `: ${vote.comment}`}`);
  if (record.argumentsText === null) paper.row('Arguments', `none${record.status === 'pending' ? '' : ', or erased after the decision'}`);
  else paper.exact('Arguments', record.argumentsText);
  if (record.alsoSent !== null) {
    paper.exact(ALSO_SENT.title, record.alsoSent);
    paper.line(`  ${style.dim(ALSO_SENT.text)}`);
  }
  if (!isShownWhole(record)) paper.line(style.yellow('Not everything is shown: this call was built so that it cannot be. The exact text is in: policylayer approvals show --json'));
  return paper.lines;
}

function utc(iso: string): string {
  return iso.replace('T', ' ').replace(/(:\d\d)\.\d+Z$/, '$1 UTC');
}
