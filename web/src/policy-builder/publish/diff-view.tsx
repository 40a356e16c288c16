import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DiffLine } from '../api.ts';
import './diff-view.css';

/** Lines before and after a change stay; longer stretches without one are folded. */
const AROUND = 3;

type Shown = DiffLine | { readonly kind: 'fold'; readonly count: number };

function folded(lines: readonly DiffLine[]): Shown[] {
  const near = lines.map((_, index) => lines.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(({ kind }) => kind !== 'same'));
  const out: Shown[] = [];
  let run = 0;
  lines.forEach((line, index) => {
    if (near[index] === true) {
      if (run > 0) out.push({ kind: 'fold', count: run });
      run = 0;
      out.push(line);
    } else run += 1;
  });
  if (run > 0 && out.length > 0) out.push({ kind: 'fold', count: run });
  return out;
}

const SIGNS = { same: ' ', add: '+', remove: '−' } as const;

/** A line diff; added and removed lines have a sign as well as a colour. */
export function DiffView({ lines, label }: { readonly lines: readonly DiffLine[]; readonly label: string }): ReactNode {
  const added = lines.filter(({ kind }) => kind === 'add').length;
  const removed = lines.filter(({ kind }) => kind === 'remove').length;
  if (added + removed === 0) return <Text fz="sm">Nothing differs.</Text>;
  return (
    <div>
      <Text fz="sm" c="dimmed" mb={4}>
        {added} {added === 1 ? 'line' : 'lines'} added, {removed} removed
      </Text>
      <pre className="pl-diff" tabIndex={0} role="region" aria-label={label}>
        {folded(lines).map((line, index) =>
          line.kind === 'fold' ? (
            <span key={index} data-kind="fold">
              {line.count} {line.count === 1 ? 'line' : 'lines'} that stay{'\n'}
            </span>
          ) : (
            <span key={index} data-kind={line.kind}>
              <i>{line.kind === 'remove' ? (line.from ?? '') : (line.to ?? line.from ?? '')}</i>
              {SIGNS[line.kind]} {line.text}
              {'\n'}
            </span>
          ),
        )}
      </pre>
    </div>
  );
}
