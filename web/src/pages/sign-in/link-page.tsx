import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useEffect, useState, type ReactNode } from 'react';
import { ApiProblem } from '../../api/problem.ts';
import { checkLink, type LinkPurpose } from '../../api/session.ts';
import type { Session } from '../../api/types.ts';
import { ErrorState } from '../../components/empty-state.tsx';
import { LinkForm } from './link-form.tsx';

export interface LinkPageProps {
  readonly secret: string;
  readonly session: Session;
  readonly onDone: () => void;
  readonly onGiveUp: () => void;
}

/** Asks what a one-time link is for, then shows its form; a link that is void says so before anybody fills a form in. */
export function LinkPage({ secret, session, onDone, onGiveUp }: LinkPageProps): ReactNode {
  const [link, setLink] = useState<LinkPurpose | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  // Not a query: those are kept by their keys, and the key would hold the secret.
  useEffect(() => {
    let left = false;
    checkLink(secret).then(
      (found) => void (left || setLink(found)),
      (problem: unknown) => void (left || setError(problem)),
    );
    return () => {
      left = true;
    };
  }, [secret, tries]);
  const again = (): void => {
    setError(null);
    setTries(tries + 1);
  };
  if (link !== null) return <LinkForm secret={secret} link={link} onDone={onDone} onGiveUp={onGiveUp} />;
  if (error === null) return <Skeleton height={220} />;
  // A secret that was cut short on its way is refused for its form.
  if (error instanceof ApiProblem && (error.code === 'unauthenticated' || error.code === 'invalid_request')) return <VoidLink setupNeeded={session.setupNeeded} onGiveUp={onGiveUp} />;
  return <ErrorState error={error} retry={again} />;
}

function VoidLink({ setupNeeded, onGiveUp }: { readonly setupNeeded: boolean; readonly onGiveUp: () => void }): ReactNode {
  return (
    <Stack gap="sm" role="alert">
      <Title order={2}>This link is not valid any more</Title>
      <Text>A link works once. This one was used already, its time is over, or a newer one has taken its place.</Text>
      {setupNeeded ? (
        <Text c="dimmed" fz="sm">
          Restart <code>policylayer serve</code>: it prints a new link for the first admin.
        </Text>
      ) : (
        <>
          <Text c="dimmed" fz="sm">
            If you have set your password with it, sign in. If not, ask an admin for a new link.
          </Text>
          <Button onClick={onGiveUp} fullWidth>
            Go to the sign-in
          </Button>
        </>
      )}
    </Stack>
  );
}
