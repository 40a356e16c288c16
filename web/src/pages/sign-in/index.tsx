import { Center, Paper, Stack, Text, Title } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import { useSession } from '../../api/session.ts';
import { useSearchText } from '../../app/search-text.ts';
import { ErrorState } from '../../components/empty-state.tsx';
import { takeFragment } from './fragment.ts';
import { LinkPage } from './link-page.tsx';
import { oidcError } from './oidc-error.ts';
import { PasswordForm } from './password-form.tsx';
import { goodNext } from './next.ts';

export default function SignInPage(): ReactNode {
  const session = useSession();
  const navigate = useNavigate();
  const next = goodNext(useSearchText('next'));
  const [{ link, error }] = useState(takeFragment);
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
          {session.data === undefined ? null : usesLink && link !== null ? <LinkPage secret={link} session={session.data} onDone={done} onGiveUp={() => setUsesLink(false)} /> : <PasswordForm session={session.data} refused={oidcError(error)} onDone={done} />}
        </Paper>
      </Stack>
    </Center>
  );
}
