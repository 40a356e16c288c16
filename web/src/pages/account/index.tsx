import { Button, Group, Paper, PasswordInput, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { get, put } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import { sessionQuery, signOut, useMe } from '../../api/session.ts';
import { ROLE_WORDS } from '../../app/member-menu.tsx';
import { StatusBadge } from '../../components/badges.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { ErrorState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { told } from '../../components/toasts.ts';

interface OwnSession {
  readonly current: boolean;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
  readonly userAgent: string | null;
}

export default function AccountPage(): ReactNode {
  const me = useMe();
  if (me === null) return null;
  const roles = [...(me.role === null ? [] : [`${ROLE_WORDS[me.role]} in the organisation`]), ...Object.entries(me.serverRoles).map(([server, role]) => `${ROLE_WORDS[role]} of ${server}`)];
  return (
    <Page title="Your account" lede={`${me.name}, ${me.email}: ${roles.join(', ') || 'no rights yet'}.`}>
      <Stack gap="lg">
        <Password />
        <Sessions />
      </Stack>
    </Page>
  );
}

function Password(): ReactNode {
  const queryClient = useQueryClient();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const wrong = fieldErrors(error);
  const change = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await put('/me/password', { current, next }, null);
      // The answer opens a new session with a new token against forged requests.
      await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
      await queryClient.invalidateQueries({ queryKey: ['my-sessions'] });
      setCurrent('');
      setNext('');
      setAgain('');
      told('The password is changed. All other sessions have ended.');
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const differs = again !== '' && again !== next;
  return (
    <Paper withBorder p="md" radius="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && !differs) void change();
        }}
      >
        <Stack maw="26rem">
          <Title order={2}>Password</Title>
          <PasswordInput label="Password now" value={current} onChange={(event) => setCurrent(event.currentTarget.value)} autoComplete="current-password" error={wrong['current']} maxLength={256} />
          <PasswordInput label="New password" description="At least 12 characters." value={next} onChange={(event) => setNext(event.currentTarget.value)} autoComplete="new-password" error={wrong['next']} maxLength={256} />
          <PasswordInput label="New password again" value={again} onChange={(event) => setAgain(event.currentTarget.value)} autoComplete="new-password" error={differs ? 'The two differ.' : undefined} maxLength={256} />
          <ProblemAlert error={error} />
          <Button type="submit" loading={busy} disabled={current === '' || next === '' || again === '' || differs} style={{ alignSelf: 'flex-start' }}>
            Change the password
          </Button>
        </Stack>
      </form>
    </Paper>
  );
}

/** A browser in two words, from what it says of itself. */
function browserOf(agent: string | null): string {
  if (agent === null) return 'unknown browser';
  const name = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrom(e|ium)\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : 'a browser';
  const system = /Windows/.test(agent) ? 'Windows' : /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Mac OS/.test(agent) ? 'macOS' : /Linux/.test(agent) ? 'Linux' : '';
  return system === '' ? name : `${name} on ${system}`;
}

function Sessions(): ReactNode {
  const navigate = useNavigate();
  const sessions = useQuery({ queryKey: ['my-sessions'], queryFn: ({ signal }) => get<{ items: readonly OwnSession[] }>('/me/sessions', undefined, signal) });
  const [asking, setAsking] = useState(false);
  return (
    <Paper withBorder p="md" radius="md">
      <Stack>
        <Group justify="space-between">
          <Title order={2}>Where you are signed in</Title>
          <Button variant="default" size="xs" onClick={() => setAsking(true)}>
            Log out everywhere
          </Button>
        </Group>
        {sessions.error === null ? null : <ErrorState error={sessions.error} retry={() => void sessions.refetch()} />}
        <Table.ScrollContainer type="native" tabIndex={0} role="region" aria-label="Sessions" minWidth={420}>
          <Table fz="sm" aria-label="Sessions">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Browser</Table.Th>
                <Table.Th>Since</Table.Th>
                <Table.Th>Last used</Table.Th>
                <Table.Th>Ends</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {(sessions.data?.items ?? []).map((session, index) => (
                <Table.Tr key={index}>
                  <Table.Td>
                    <Group gap="xs">
                      <Text fz="sm" title={session.userAgent ?? undefined}>
                        {browserOf(session.userAgent)}
                      </Text>
                      {session.current ? <StatusBadge tone="info">this one</StatusBadge> : null}
                    </Group>
                  </Table.Td>
                  <Table.Td>
                    <RelativeTime at={session.createdAt} />
                  </Table.Td>
                  <Table.Td>
                    <RelativeTime at={session.lastUsedAt} />
                  </Table.Td>
                  <Table.Td>
                    <RelativeTime at={session.expiresAt} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Stack>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title="Log out everywhere"
        confirm="Log out everywhere"
        onConfirm={async () => {
          await signOut(true);
          await navigate({ to: '/sign-in' });
        }}
      >
        Every browser has to sign in again, this one too. API tokens go on working.
      </ConfirmDialog>
    </Paper>
  );
}
