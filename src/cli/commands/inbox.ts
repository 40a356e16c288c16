import { printable, quoted } from '../../policy/printable.ts';
import type { Message } from '../../state/types.ts';
import { withState } from '../approvals/state.ts';
import { locate } from '../config/locate.ts';
import { printedJson } from '../printed-json.ts';
import { styleFor, table, widthOf } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

export interface InboxOptions {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
}

export interface InboxListOptions extends InboxOptions {
  readonly unread?: boolean;
  readonly limit?: string;
}

const MAX_LIMIT = 1_000;

/** `policylayer inbox list`: what readers of the catalogue wrote, newest first. @returns the exit status @throws UsageError */
export async function list(options: InboxListOptions): Promise<number> {
  const limit = Number(options.limit ?? 100);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT) throw new UsageError('--limit is not a number of messages', `write a whole number from 1 to ${MAX_LIMIT}`);
  const { dataDir } = await locate(options);
  const messages = await withState(dataDir, async (state) => state.messages.list({ unread: options.unread === true, limit }));
  if (options.json === true) {
    for (const message of messages) print(printedJson(message));
    return 0;
  }
  if (messages.length === 0) {
    process.stderr.write(`policylayer: no ${options.unread === true ? 'unread ' : ''}messages\n`);
    return 0;
  }
  const rows = messages.map(({ id, at, name, page, text, read }) => [String(id), read ? '' : 'new', `${at.slice(5, 10)} ${at.slice(11, 16)}`, printable(name === '' ? '-' : name, 20), printable(page === '' ? '-' : page, 28), printable(text.replace(/\s+/g, ' '), 200)]);
  const [first = '', ...lines] = table([['ID', '', 'TIME (UTC)', 'FROM', 'ABOUT', 'MESSAGE'], ...rows], ['right', 'left', 'left', 'left', 'left', 'left'], widthOf(process.stdout));
  print(styleFor(process.stdout).bold(first), ...lines);
  return 0;
}

/** `policylayer inbox show`: a whole message, which is marked as read. @returns 1 when there is none @throws UsageError */
export function show(id: string, options: InboxOptions): Promise<number> {
  return withMessage(id, options, (message) => {
    if (options.json === true) return print(printedJson(message));
    const width = Math.min(widthOf(process.stdout), 100);
    const from = [message.name, message.email === '' ? '' : `<${message.email}>`].filter((part) => part !== '').join(' ');
    print(`From   ${printable(from === '' ? '-' : from, 400)}`, `About  ${printable(message.page === '' ? '-' : message.page, 512)}`, `Time   ${message.at}`, '');
    // Set in, so that no line of a message can pass for one of ours.
    for (const line of message.text.split('\n')) print(...folded(printable(line, 5_000), width - 2).map((part) => `  ${part}`));
  });
}

/** `policylayer inbox read`: marks messages as read without showing them. @returns 1 when one is not there @throws UsageError */
export async function read(ids: readonly string[], options: InboxOptions): Promise<number> {
  let status = 0;
  for (const id of ids) status = Math.max(status, await withMessage(id, options, (message) => print(options.json === true ? printedJson({ id: message.id, read: true }) : `${message.id}: read`)));
  return status;
}

/** A line in pieces of at most `width` characters, broken at spaces where there are any. */
function folded(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    let rest = Array.from(word);
    if (current !== '' && Array.from(current).length + 1 + rest.length > width) {
      lines.push(current);
      current = '';
    }
    for (; rest.length > width; rest = rest.slice(width)) lines.push(rest.slice(0, width).join(''));
    current = current === '' ? rest.join('') : `${current} ${rest.join('')}`;
  }
  return [...lines, current];
}

async function withMessage(text: string, options: InboxOptions, use: (message: Message) => void): Promise<number> {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`${quoted(text, 32)} is not the id of a message`, 'see the ids with: policylayer inbox list');
  const id = Number(text);
  const { dataDir } = await locate(options);
  return withState(dataDir, async (state) => {
    const [message] = await state.messages.list({ limit: 1, before: id + 1 });
    if (message === undefined || message.id !== id) {
      if (options.json === true) print(printedJson({ error: { code: 'not_found', message: `there is no message ${id}` } }));
      process.stderr.write(`policylayer: there is no message ${id}; see: policylayer inbox list\n`);
      return 1;
    }
    use(message);
    await state.messages.markRead(id);
    return 0;
  });
}

function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
