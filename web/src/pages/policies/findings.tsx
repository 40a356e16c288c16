import { Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Diagnostic } from '../../api/types.ts';

/** Mistakes and warnings below the text; each goes to its line. */
export function Findings({ list, onGoTo }: { readonly list: readonly Diagnostic[]; readonly onGoTo: (line: number) => void }): ReactNode {
  const errors = list.filter(({ severity }) => severity === 'error').length;
  const summary = list.length === 0 ? 'No mistakes, no warnings.' : `${errors} ${errors === 1 ? 'mistake' : 'mistakes'}, ${list.length - errors} ${list.length - errors === 1 ? 'warning' : 'warnings'}`;
  return (
    <>
      <Text fz="sm" c="dimmed" role="status">
        {summary}
      </Text>
      {list.length === 0 ? null : (
        <ul className="pl-findings">
          {list.slice(0, 100).map(({ severity, line, column, message, help }, index) => {
            const Sign = severity === 'error' ? IconCircleX : IconAlertTriangle;
            return (
              <li key={index}>
                <button type="button" data-severity={severity} onClick={() => onGoTo(line)}>
                  <Sign size={15} aria-label={severity === 'error' ? 'Mistake' : 'Warning'} />
                  <span className="pl-mono">
                    {line}:{column}
                  </span>
                  <span>
                    {message}
                    {help ? <small>{help}</small> : null}
                  </span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}
