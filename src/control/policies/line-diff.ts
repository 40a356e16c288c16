export interface DiffLine {
  readonly kind: 'same' | 'add' | 'remove';
  readonly text: string;
  /** Line of the old text, from 1. */
  readonly from?: number;
  /** Line of the new text, from 1. */
  readonly to?: number;
}

/** Cells of the table for the part between the lines that both texts begin and end with. A larger part is shown as replaced. */
const MAX_CELLS = 4_000_000;

/** What became of the lines of a text: a longest common subsequence stays. Costs at most `MAX_CELLS` steps. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [left, right] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < left.length - start && end < right.length - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end += 1;
  const result: DiffLine[] = left.slice(0, start).map((text, index) => ({ kind: 'same', text, from: index + 1, to: index + 1 }));
  result.push(...middle(left.slice(start, left.length - end), right.slice(start, right.length - end), start));
  for (let index = end; index > 0; index -= 1) result.push({ kind: 'same', text: left[left.length - index] ?? '', from: left.length - index + 1, to: right.length - index + 1 });
  return result;
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function middle(left: readonly string[], right: readonly string[], offset: number): DiffLine[] {
  const removed = (index: number): DiffLine => ({ kind: 'remove', text: left[index] ?? '', from: offset + index + 1 });
  const added = (index: number): DiffLine => ({ kind: 'add', text: right[index] ?? '', to: offset + index + 1 });
  if (left.length * right.length > MAX_CELLS) return [...left.map((_, index) => removed(index)), ...right.map((_, index) => added(index))];
  const width = right.length + 1;
  // common[i * width + j]: length of the longest common subsequence of what follows line i and line j.
  const common = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = left[i] === right[j] ? (common[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
    }
  }
  const result: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      result.push({ kind: 'same', text: left[i] ?? '', from: offset + i + 1, to: offset + j + 1 });
      i += 1;
      j += 1;
    } else if (i < left.length && (j >= right.length || (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))) {
      result.push(removed(i));
      i += 1;
    } else {
      result.push(added(j));
      j += 1;
    }
  }
  return result;
}
