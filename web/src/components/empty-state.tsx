import { Button, Code, Group, Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiProblem, readable } from '../api/problem.ts';

/** There is nothing here yet, why, and what to do next. */
export function EmptyState({ title, children, action }: { readonly title: string; readonly children?: ReactNode; readonly action?: ReactNode }): ReactNode {
  return (
    <Paper bg="var(--pl-well)" p="lg" radius="md">
      <Stack gap="xs" align="flex-start" maw="44rem">
        <Title order={2} fz="1rem">
          {title}
        </Title>
        {children === undefined ? null : (
          <Text c="dimmed" component="div">
            {children}
          </Text>
        )}
        {action === undefined ? null : <Group mt="xs">{action}</Group>}
      </Stack>
    </Paper>
  );
}

/** What went wrong, with what helps to find out why, and a way to try again. */
export function ErrorState({ error, retry }: { readonly error: unknown; readonly retry?: (() => void) | undefined }): ReactNode {
  const problem = error instanceof ApiProblem ? error : null;
  return (
    <Paper bg="var(--pl-bad-well)" c="var(--pl-bad)" p="lg" radius="md" role="alert">
      <Stack gap="xs" align="flex-start" maw="44rem">
        <Text fw={650}>{problem?.title ?? 'Something went wrong'}</Text>
        <Text>{readable(error)}</Text>
        {problem?.requestId ? (
          <Text fz="sm">
            Request <Code>{problem.requestId}</Code>
          </Text>
        ) : null}
        {retry === undefined ? null : (
          <Button variant="default" size="xs" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Paper>
  );
}
