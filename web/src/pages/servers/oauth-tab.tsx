import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { apiPath, post, remove } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Server, ServerOAuth } from '../../api/types.ts';
import { StatusBadge, type Tone } from '../../components/badges.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { GuardedButton } from '../../components/guarded-button.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { told } from '../../components/toasts.ts';
import { OAuthClientForm } from './oauth-client-form.tsx';
import '../../components/facts.css';

const STATUS: Readonly<Record<ServerOAuth['status'], readonly [Tone, string]>> = { ready: ['good', 'connected'], needs_consent: ['wait', 'waits for your consent'], dead: ['bad', 'the access has ended'] };

/** The gateway's own access to a server: connect it, connect it again, give it up. */
export function OAuthTab({ server, whyNot }: { readonly server: Server; readonly whyNot: string | null }): ReactNode {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [ending, setEnding] = useState(false);
  const status = server.oauth?.status ?? 'needs_consent';
  const [tone, word] = STATUS[status];
  const connect = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const { authorizationUrl } = await post<{ authorizationUrl: string | null }>(`${apiPath('servers', server.name)}/oauth/start`, { redirect: `/servers/${encodeURIComponent(server.name)}?tab=oauth` });
      if (authorizationUrl === null) {
        told(`The gateway has its token for ${server.name}.`, 'Connected');
        await queryClient.invalidateQueries({ queryKey: ['servers'] });
      } else if (/^https?:/i.test(authorizationUrl)) location.assign(authorizationUrl);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stack gap="lg" maw="46rem">
      <Text c="dimmed">The gateway signs in at the server with OAuth. It keeps and renews the tokens; agents never see them.</Text>
      <dl className="pl-facts">
        <dt>Status</dt>
        <dd>
          <StatusBadge tone={tone}>{word}</StatusBadge>
        </dd>
        {server.oauth?.issuer ? (
          <>
            <dt>Issuer</dt>
            <dd className="pl-mono">{server.oauth.issuer}</dd>
          </>
        ) : null}
        {server.oauth?.expiresAt ? (
          <>
            <dt>Access token</dt>
            <dd>
              ends <RelativeTime at={server.oauth.expiresAt} />; it is renewed before that
            </dd>
          </>
        ) : null}
      </dl>
      {server.oauth?.problem ? <Alert color={status === 'dead' ? 'red' : 'yellow'}>{server.oauth.problem}</Alert> : null}
      <ProblemAlert error={error} />
      <Group>
        <GuardedButton whyNot={whyNot} loading={busy} variant={status === 'ready' ? 'default' : 'filled'} onClick={() => void connect()}>
          {status === 'ready' ? 'Connect again' : 'Connect'}
        </GuardedButton>
        {server.oauth !== null && status !== 'needs_consent' && whyNot === null ? (
          <Button variant="subtle" color="red" onClick={() => setEnding(true)}>
            Give the access up
          </Button>
        ) : null}
      </Group>
      {whyNot === null ? <OAuthClientForm server={server.name} /> : null}
      <ConfirmDialog
        opened={ending}
        onClose={() => setEnding(false)}
        title="Give the access up?"
        confirm="Give it up"
        onConfirm={async () => {
          await remove(`${apiPath('servers', server.name)}/oauth`);
          await queryClient.invalidateQueries({ queryKey: ['servers'] });
          told('The tokens were revoked and forgotten.');
        }}
      >
        The tokens are revoked at the issuer and erased here. Calls to {server.name} fail until somebody connects it again.
      </ConfirmDialog>
    </Stack>
  );
}
