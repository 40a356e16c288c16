import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watch } from '../../src/cli/commands/approvals-watch.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import type { ApprovalRecord, ApprovalRequest } from '../../src/state/types.ts';
import { request } from '../state/builders.ts';
import { Output, temporary } from './support.ts';

/** `approvals watch` in a terminal, with the state that it watches. */
async function terminal() {
  const directory = temporary();
  const state = await openState({ path: databasePath(directory) });
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
  const stop = new AbortController();
  const output = new Output(stdout);
  const ask = (call: string, over: Partial<ApprovalRequest> = {}): string => {
    const answer = state.requestApproval(request(call, over));
    return answer.status === 'too_many' ? '' : answer.record.id;
  };
  const ended = watch({ data: directory, as: 'alice' }, { stdin, stdout, signal: stop.signal });
  const record = (id: string): ApprovalRecord | null => state.approval(id);
  return { state, stdin, output, ask, record, close: async () => {
    stop.abort();
    await ended;
    state.close();
  } };
}

describe('approvals watch in a terminal', () => {
  let world: Awaited<ReturnType<typeof terminal>>;
  beforeEach(async () => {
    world = await terminal();
  });
  afterEach(() => world.close());

  it('a yes that was typed for a request decided elsewhere does not answer the next one', async () => {
    const { state, stdin, output, ask, record } = world;
    const first = ask('harmless');
    await output.match(/harmless[\s\S]*Approve\?/);
    stdin.write('y');
    const second = ask('dangerous');
    state.vote(first, { approver: 'bob', way: 'cli', decision: 'deny', comment: null });
    await output.match(/decided elsewhere/);
    stdin.write('\r\r');
    stdin.write('y\r\ry');
    await output.match(/dangerous[\s\S]*Approve\?/);
    const from = output.text.length;
    stdin.write('\r');
    await output.match(/Approve\?/, from);
    expect(record(second)).toMatchObject({ status: 'pending', votes: [] });
    // Deaf for a moment only: what is typed for the request that is shown counts.
    stdin.write('y\r');
    await output.match(/Comment/);
    stdin.write('\r');
    await output.match(/approved; the call may run once \(as alice\)/);
    expect(record(second)?.status).toBe('approved');
  }, 20_000);

  it('what was typed while nothing was asked answers nothing', async () => {
    const { stdin, output, ask, record } = world;
    await output.match(/Waiting for calls/);
    stdin.write('y');
    const id = ask('a');
    await output.match(/Approve\?/);
    const from = output.text.length;
    stdin.write('\r');
    await output.match(/Approve\?/, from);
    stdin.write('n\r');
    await output.match(/Comment/);
    stdin.write('\r');
    await output.match(/denied; the call is not let through/);
    expect(record(id)?.votes).toMatchObject([{ decision: 'deny' }]);
  }, 20_000);
});
