import { CR, LF } from './ascii.ts';
import { LineEnds } from './line-end.ts';
import { BOM_BYTES, type SseEvent, SseLines } from './sse-fields.ts';

const NEWLINE: Buffer = Buffer.from('\n');

/**
 * Writes one event. Data is split on LF, CR and CRLF, so a reader gets its line breaks back as LF and cannot be given fields through it.
 *
 * @param data message bytes; an empty one makes an event with an empty data field
 * @throws RangeError when `event` or `id` holds a line break, or `id` a NUL: both would change what the reader sees
 */
export function formatSse(data: Buffer | string, options: { readonly event?: string; readonly id?: string } = {}): Buffer {
  const parts: Buffer[] = [];
  if (options.event !== undefined) parts.push(fieldLine('event', options.event));
  if (options.id !== undefined) parts.push(fieldLine('id', options.id));
  pushDataLines(parts, typeof data === 'string' ? Buffer.from(data, 'utf8') : data, NEWLINE);
  parts.push(NEWLINE);
  return Buffer.concat(parts);
}

/**
 * The raw bytes of an event with other data. Every line that is no data line stays as it is and where it is; the new data takes the place
 * of the first data line, with that line's line end, or comes before the blank line when there was none.
 */
export function replaceData(event: SseEvent, data: Buffer): Buffer {
  const { raw } = event;
  const head = event.bom === true ? BOM_BYTES : 0;
  const parts: Buffer[] = [raw.subarray(0, head)];
  let placed = false;
  let written: number | undefined;
  const line = new SseLines(raw, head);
  while (line.advance()) {
    const isBlankLine = line.next === raw.length;
    if (!placed && (line.name === 'data' || isBlankLine)) {
      placed = true;
      pushDataLines(parts, data, raw.subarray(line.end, line.next));
      written = raw[line.next - 1];
    }
    if (line.name === 'data') continue;
    // A data line taken out between a CR and the LF of the blank line would make one line end of the two, and the event endless.
    if (written === CR && raw[line.start] === LF) parts.push(NEWLINE);
    parts.push(raw.subarray(line.start, line.next));
    written = raw[line.next - 1];
  }
  return Buffer.concat(parts);
}

function fieldLine(name: string, value: string): Buffer {
  if (/[\r\n\0]/.test(value)) throw new RangeError(`the ${name} of an event must not contain a line break or NUL`);
  return Buffer.from(`${name}: ${value}\n`, 'utf8');
}

function pushDataLines(parts: Buffer[], data: Buffer, ending: Buffer): void {
  const ends = new LineEnds(data);
  let start = 0;
  for (;;) {
    const end = ends.next(start);
    parts.push(DATA, data.subarray(start, end), ending);
    if (end === data.length) return;
    start = data[end] === CR && data[end + 1] === LF ? end + 2 : end + 1;
  }
}

const DATA: Buffer = Buffer.from('data: ');
