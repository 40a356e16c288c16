import { Button, Container, Skeleton, Stack } from '@mantine/core';
import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { EmptyState, ErrorState } from '../components/empty-state.tsx';

export function PageLoading(): ReactNode {
  return (
    <Stack role="status" aria-label="Loading">
      <Skeleton height={32} width="14rem" />
      <Skeleton height={180} />
    </Stack>
  );
}

/** A page that could not be shown: its code did not load, or it met something that it did not expect. */
export function PageError({ error, reset }: ErrorComponentProps): ReactNode {
  const notLoaded = error instanceof Error && /dynamically imported module|module script failed/i.test(error.message);
  return (
    <Container py="xl">
      <ErrorState error={notLoaded ? new Error('The gateway has been updated since this page was opened. Load it again.') : error} retry={notLoaded ? () => location.reload() : reset} />
    </Container>
  );
}

export function NotFound(): ReactNode {
  return (
    <Container py="xl">
      <EmptyState
        title="There is no such page"
        action={
          <Button renderRoot={(props) => <Link to="/" {...props} />}>Go to the overview</Button>
        }
      >
        The address may be mistyped, or what it named was removed.
      </EmptyState>
    </Container>
  );
}
