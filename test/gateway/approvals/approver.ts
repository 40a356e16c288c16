import { databasePath, openState } from '../../../src/state/open.ts';
import type { ApprovalRecord, ApprovalStatus, State } from '../../../src/state/types.ts';
import { APPROVAL_SERVER, policySet, StdioHarness, type StdioHarnessOptions } from '../run-harness.ts';

/** An approver in another process: a connection of its own to the same database. */
export class Approver {
  readonly #directory: string;
  #state: Promise<State> | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  #open(): Promise<State> {
    this.#state ??= openState({ path: databasePath(this.#directory) });
    return this.#state;
  }

  async list(...status: ApprovalStatus[]): Promise<ApprovalRecord[]> {
    return (await this.#open()).approvals(status.length === 0 ? {} : { status });
  }

  /** Resolves with the pending requests when there are so many. */
  async pending(count = 1): Promise<ApprovalRecord[]> {
    for (let round = 0; round < 400; round += 1) {
      const found = await this.list('pending');
      if (found.length >= count) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`there are fewer than ${count} pending approvals`);
  }

  async decide(decision: 'approve' | 'deny', id?: string, approver = 'alice', comment: string | null = null): Promise<ApprovalRecord> {
    const chosen = id ?? (await this.pending())[0]?.id ?? '';
    const result = await (await this.#open()).vote(chosen, { approver, way: 'cli', decision, comment });
    if (!result.ok) throw new Error(`the vote was not counted: ${result.why}`);
    return result.record;
  }

  async close(): Promise<void> {
    await (await this.#state)?.close();
  }
}

/** A client on stdio in front of the approval fixture, and an approver beside it. */
export async function withApprovals(policy: string, options: StdioHarnessOptions = {}): Promise<{ client: StdioHarness; approver: Approver; close: () => Promise<void> }> {
  const client = new StdioHarness(await policySet(policy), APPROVAL_SERVER, options);
  const approver = new Approver(client.directory);
  return {
    client, approver,
    close: async () => {
      await approver.close();
      await client.close();
    },
  };
}

/** What the upstream was asked to do, in order: names of tools with their arguments. */
export function executed(client: StdioHarness): string[] {
  return client.reached()
    .map((line) => JSON.parse(line) as { method?: string; params?: { name?: string; arguments?: unknown } })
    .filter(({ method, params }) => method === 'tools/call' && params?.name !== 'safe' && params?.name !== 'change')
    .map(({ params }) => `${params?.name ?? ''} ${JSON.stringify(params?.arguments)}`);
}
