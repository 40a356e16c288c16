import { Center, Paper, Stack, Text, Title } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import { useSession } from '../../api/session.ts';
import { useSearchText } from '../../app/search-text.ts';
import { ErrorState } from '../../components/empty-state.tsx';
import { LinkForm } from './link-form.tsx';
import { PasswordForm } from './password-form.tsx';
import { goodNext } from './next.ts';

/** The secret of a one-time link. It stands in the fragment, which no server and no log ever sees, and leaves the address at once. */
function takeLink(): string | null {
  const secret = new URLSearchParams(location.hash.slice(1)).get('link');
  if (secret !== null) history.replaceState(history.state, '', location.pathname + location.search);
  return secret;
}

export default function SignInPage(): ReactNode {
  const session = useSession();
  const navigate = useNavigate();
  const next = goodNext(useSearchText('next'));
  const [link] = useState(takeLink);
  const [usesLink, setUsesLink] = useState(link !== null);
  const inside = session.data !== undefined && session.data.member !== null;
  useEffect(() => {
    if (inside && !usesLink) void navigate({ href: next, replace: true });
  }, [inside, usesLink, navigate, next]);
  useEffect(() => {
    document.title = 'Sign in · PolicyLayer';
  }, []);
  const done = (): void => void navigate({ href: next, replace: true });
  return (
    <Center component="main" mih="100dvh" p="md" bg="var(--pl-well)">
      <Stack w="100%" maw={400} gap="lg">
        <Stack gap={6} align="center">
          <svg viewBox="0 0 24 24" width="40" height="40" aria-hidden="true">
            <path fill="var(--pl-accent)" d="M12 2 4 5v6c0 5 3.4 9.4 8 11 4.6-1.6 8-6 8-11V5z" />
            <path fill="none" stroke="var(--mantine-color-body)" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" d="m8.5 12 2.5 2.5 4.5-5" />
          </svg>
          <Title order={1}>PolicyLayer</Title>
          {session.data !== undefined && !['', 'PolicyLayer'].includes(session.data.organisation.name) ? (
            <Text c="dimmed" ta="center">
              {session.data.organisation.name}
            </Text>
          ) : null}
        </Stack>
        <Paper withBorder p="xl" radius="md">
          {session.error !== null && session.data === undefined ? <ErrorState error={session.error} retry={() => void session.refetch()} /> : null}
          {session.data === undefined ? null : usesLink && link !== null ? <LinkForm secret={link} session={session.data} onDone={done} onGiveUp={() => setUsesLink(false)} /> : <PasswordForm session={session.data} next={next} onDone={done} />}
        </Paper>
      </Stack>
    </Center>
  );
}
