import { Alert, List, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { ApiProblem, readable } from '../api/problem.ts';

/** All that is wrong with what was sent, above a form. Nothing while `error` is null. */
export function ProblemAlert({ error }: { readonly error: unknown }): ReactNode {
  if (error === null || error === undefined) return null;
  const problems = error instanceof ApiProblem ? error.problems : [];
  return (
    <Alert color="red" role="alert" icon={<IconAlertTriangle size={18} aria-hidden="true" />} title={error instanceof ApiProblem ? error.title : undefined}>
      {problems.length === 0 ? <Text fz="sm">{readable(error)}</Text> : null}
      {problems.length === 0 ? null : (
        <List fz="sm" spacing={4}>
          {problems.map(({ pointer, message, help }) => (
            <List.Item key={`${pointer} ${message}`}>
              {pointer === '' ? '' : <span className="pl-mono">{pointer} </span>}
              {message}
              {help === undefined ? null : <Text c="dimmed"> {help}</Text>}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}
