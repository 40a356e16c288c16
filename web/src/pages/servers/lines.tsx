import { useMemo, type ReactNode } from 'react';
import { shownJson } from '../../exact/shown-json.ts';
import { lineDiff } from './line-diff.ts';
import './lines.css';

/** Two definitions, indented and with what hides in them made visible, line against line. */
export function Lines({ before, after }: { readonly before: string | null; readonly after: string | null }): ReactNode {
  const lines = useMemo(() => lineDiff(readable(before), readable(after)), [before, after]);
  const signs = { same: ' ', add: '+', remove: '−' } as const;
  return (
    <pre className="pl-lines" tabIndex={0} role="region" aria-label="Differences of the two definitions">
      {/* Lines have no identity but their place. */}
      {lines.map(({ kind, text }, index) => (
        <span key={index} className={kind}>
          {signs[kind]} {text}
        </span>
      ))}
    </pre>
  );
}

function readable(text: string | null): string {
  return text === null ? '' : shownJson(text).map((piece) => piece.text).join('');
}
