import { databasePath, visitState } from '../../state/open.ts';
import { StateUnavailable, type ApprovalRecord, type State } from '../../state/types.ts';
import { UsageError } from '../usage-error.ts';

/** A short id is taken for the request that it begins, from this length on. */
const MIN_PREFIX = 4;
const MAX_SEARCHED = 1_000;

/**
 * Opens the state of a gateway, which may be running, and closes it whatever happens.
 * @throws UsageError when there is none, or it cannot be used
 */
export async function withState<T>(dataDir: string, use: (state: State) => Promise<T>): Promise<T> {
  try {
    const state = await visitState({ path: databasePath(dataDir) });
    try {
      return await use(state);
    } finally {
      state.close();
    }
  } catch (error) {
    if (error instanceof StateUnavailable) throw new UsageError(error.message, 'name the data directory of the gateway with --data, or its configuration with --config');
    throw error;
  }
}

/** The command could not do what was asked, and not because of how it was asked: exit status 1. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The request of an id, or of the beginning of one. @throws Refused when there is none, or more than one */
export async function findRequest(state: State, id: string): Promise<ApprovalRecord> {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) throw new Refused('not_found', 'that is not the id of a request');
  const exact = await state.approval(id);
  if (exact !== null) return exact;
  const found = id.length < MIN_PREFIX ? [] : (await state.approvals({ limit: MAX_SEARCHED })).filter((record) => record.id.startsWith(id));
  const [first, second] = found;
  if (second !== undefined) throw new Refused('ambiguous', `${found.length} requests begin with ${id}; give more of the id`);
  if (first === undefined) throw new Refused('not_found', `there is no request ${id}; see: policylayer approvals list --all`);
  return first;
}
