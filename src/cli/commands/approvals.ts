import { recordJson } from '../../gateway/approval-http/record-json.ts';
import type { ApprovalFilter, ApprovalStatus } from '../../state/types.ts';
import { requestDetails } from '../approvals/details.ts';
import { pageUrl } from '../approvals/page-url.ts';
import { findRequest, Refused, withState } from '../approvals/state.ts';
import { told } from '../approvals/told.ts';
import { requestTable } from '../approvals/table.ts';
import { shownName } from '../approvals/shown-name.ts';
import { afterVote, approverName, checkedComment, checkShown, vote } from '../approvals/voting.ts';
import { locate } from '../config/locate.ts';
import { printedJson } from '../printed-json.ts';
import { styleFor, widthOf } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** Options that every subcommand has. */
export interface ApprovalsOptions {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
}

export interface ListOptions extends ApprovalsOptions {
  readonly all?: boolean;
  /** One or more statuses, separated by commas. */
  readonly status?: string;
  readonly server?: string;
  readonly grant?: string;
  readonly limit?: string;
}

export interface DecideOptions extends ApprovalsOptions {
  readonly as?: string;
  readonly comment?: string;
  /** Approves what could not be shown whole. */
  readonly force?: boolean;
}

export interface LinkOptions extends ApprovalsOptions {
  readonly for?: string;
}

const STATUSES: readonly ApprovalStatus[] = ['pending', 'approved', 'denied', 'expired', 'used'];
const MAX_LIMIT = 1_000;

/** `policylayer approvals list`. @returns the exit status @throws UsageError */
export async function list(options: ListOptions): Promise<number> {
  const filter = filterOf(options);
  const { dataDir } = await locate(options);
  const records = await withState(dataDir, async (state) => state.approvals(filter));
  if (options.json === true) {
    for (const record of records) print(printedJson(recordJson(record, pageUrl(await locate(options), record.id))));
    return 0;
  }
  const onlyPending = filter.status?.length === 1 && filter.status[0] === 'pending';
  if (records.length === 0) {
    process.stderr.write(onlyPending ? 'policylayer: no call waits for approval\n' : 'policylayer: no requests match\n');
    return 0;
  }
  const style = styleFor(process.stdout);
  print(...requestTable(records, Date.now(), widthOf(process.stdout), !onlyPending, style));
  if (process.stdout.isTTY && onlyPending) print('', style.dim('Read one with `policylayer approvals show ID`; the beginning of an id is enough.'));
  return 0;
}

function filterOf(options: ListOptions): ApprovalFilter {
  if (options.all === true && options.status !== undefined) throw new UsageError('--all and --status exclude each other', 'leave one away');
  const names = options.status?.split(',').map((one) => one.trim()).filter((one) => one !== '') ?? (options.all === true ? STATUSES : ['pending']);
  const status = names.map((name) => STATUSES.find((one) => one === name) ?? usage(`--status ${JSON.stringify(name)} is not a status`, `one of ${STATUSES.join(', ')}`));
  const limit = Number(options.limit ?? 100);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT) throw new UsageError('--limit is not a number of requests', `write a whole number from 1 to ${MAX_LIMIT}`);
  return { status, limit, ...(options.server === undefined ? {} : { server: options.server }), ...(options.grant === undefined ? {} : { grant: options.grant }) };
}

/** `policylayer approvals show`. @returns the exit status @throws UsageError */
export function show(id: string, options: ApprovalsOptions): Promise<number> {
  return told(options, async () => {
    const location = await locate(options);
    return withState(location.dataDir, async (state) => {
      const record = await findRequest(state, id);
      const url = pageUrl(location, record.id);
      if (options.json === true) print(printedJson(recordJson(record, url)));
      else print(...requestDetails(record, Date.now(), url, styleFor(process.stdout), process.stdout.isTTY ? widthOf(process.stdout) : undefined));
      return 0;
    });
  });
}

/** `policylayer approvals approve` and `deny`, for one request or several. @returns 1 when any of them did not count @throws UsageError */
export async function decide(decision: 'approve' | 'deny', ids: readonly string[], options: DecideOptions): Promise<number> {
  const approver = approverName(options.as);
  const comment = checkedComment(options.comment);
  const location = await locate(options);
  return withState(location.dataDir, async (state) => {
    let status = 0;
    for (const id of ids) {
      const one = await told(options, async () => {
        const wanted = await findRequest(state, id);
        checkShown(wanted, decision, options.force === true);
        const record = await vote(state, wanted, decision, approver, comment);
        if (options.json === true) print(printedJson({ id: record.id, decision, approver, status: record.status, request: recordJson(record, pageUrl(location, record.id)) }));
        else print(`${record.id}: ${afterVote(record)} (as ${approver})`);
        return 0;
      });
      status = Math.max(status, one);
    }
    return status;
  });
}

/** `policylayer approvals link`: a secret for one use, printed once. @returns the exit status @throws UsageError */
export function link(id: string, options: LinkOptions): Promise<number> {
  return told(options, async () => {
    const approver = approverName(options.for, '--for');
    const location = await locate(options);
    return withState(location.dataDir, async (state) => {
      const record = await findRequest(state, id);
      const url = pageUrl(location, record.id) ?? usage('no gateway serves pages for this data directory', 'start one, or set approvals.public_url in gateway.yaml and add --config');
      if (record.status !== 'pending') throw new Refused('not_pending', `request ${record.id} is not pending: ${record.status}`);
      if (!record.via.includes('link')) throw new Refused('way_not_allowed', `the rule does not allow links; it allows ${record.via.join(', ')}`);
      if (record.approvers !== null && !record.approvers.includes(approver)) throw new Refused('not_an_approver', `${shownName(approver)} is not an approver of this rule, which names ${record.approvers.map((name) => shownName(name)).join(', ')}; say who with --for NAME`);
      if (record.grant === approver) throw new Refused('requester', `${shownName(approver)} is the grant that asks; a caller cannot approve its own call`);
      const secret = await state.mintApprovalLink(record.id, approver);
      if (secret === null) throw new Refused('not_pending', `request ${record.id} is not pending any more`);
      const address = `${url}#${secret}`;
      if (options.json === true) {
        print(printedJson({ id: record.id, approver, link: address, expiresAt: record.expiresAt }));
        return 0;
      }
      print(address);
      process.stderr.write(`policylayer: whoever has this link decides once, as ${approver}, until ${record.expiresAt}; it is not shown again\n`);
      return 0;
    });
  });
}

function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function usage(message: string, help: string): never {
  throw new UsageError(message, help);
}
