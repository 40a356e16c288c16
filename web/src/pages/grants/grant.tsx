import { Anchor, Group, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { apiPath, get, post, remove, type Page as Rows } from '../../api/client.ts';
import { useWhyNot } from '../../api/session.ts';
import type { Grant, JournalRow } from '../../api/types.ts';
import { PageLoading } from '../../app/fallbacks.tsx';
import { OutcomeBadge } from '../../components/badges.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState, ErrorState } from '../../components/empty-state.tsx';
import { GuardedButton } from '../../components/guarded-button.tsx';
import { Page } from '../../components/page.tsx';
import { exactTime, RelativeTime } from '../../components/relative-time.tsx';
import { told } from '../../components/toasts.ts';
import { ClientConfiguration } from './client-configuration.tsx';
import { EditGrant } from './edit-grant.tsx';
import { GrantBadge } from './grant-badge.tsx';
import { Rotate } from './rotate.tsx';
import { Caution } from '../../policy-builder/caution.tsx';

export default function GrantPage(): ReactNode {
  const { grant: label = '' } = useParams({ strict: false }) as { readonly grant?: string };
  const grant = useQuery({ queryKey: ['grants', label], queryFn: ({ signal }) => get<Grant>(apiPath('grants', label), undefined, signal) });
  if (grant.data !== undefined) return <GrantDetail grant={grant.data} />;
  if (grant.error === null) return <PageLoading />;
  return (
    <Page title={label} crumbs={[{ label: 'Grants', to: '/grants' }]}>
      <ErrorState error={grant.error} retry={() => void grant.refetch()} />
    </Page>
  );
}

const CALLS: readonly Column<JournalRow>[] = [
  { id: 'name', header: 'Call', cell: ({ name, method }) => <span className="pl-mono">{name ?? method ?? ''}</span> },
  { id: 'outcome', header: 'Outcome', cell: ({ outcome, reason }) => <OutcomeBadge outcome={outcome} title={reason ?? undefined} /> },
  { id: 'code', header: 'Code', cell: ({ code, observed }) => code ?? observed ?? '' },
  { id: 'rule', header: 'Rule', wideOnly: true, cell: ({ rule }) => <span className="pl-mono">{rule ?? ''}</span> },
  { id: 'at', header: 'When', tight: true, cell: ({ at }) => <RelativeTime at={at} /> },
];

function GrantDetail({ grant }: { readonly grant: Grant }): ReactNode {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const whyNot = useWhyNot('grants.write', grant.server);
  const reason = grant.source === 'file' ? 'gateway.yaml owns this grant. Change it there.' : whyNot;
  const [asking, setAsking] = useState<'revoke' | 'remove' | 'rotate' | 'edit' | null>(null);
  const close = (): void => setAsking(null);
  const calls = useQuery({ queryKey: ['journal', 'grant', grant.label], queryFn: ({ signal }) => get<Rows<JournalRow>>('/journal', { grant: grant.label, limit: 20 }, signal) });
  const refresh = async (): Promise<void> => {
    await queryClient.invalidateQueries({ queryKey: ['grants'] });
  };
  const revoked = grant.revokedAt !== null;
  return (
    <Page
      title={grant.label}
      crumbs={[{ label: 'Grants', to: '/grants' }]}
      badges={<GrantBadge grant={grant} />}
      actions={
        <>
          <GuardedButton variant="default" whyNot={reason} onClick={() => setAsking('edit')}>
            Change
          </GuardedButton>
          {grant.tokenHint === null || revoked ? null : (
            <GuardedButton variant="default" whyNot={reason} onClick={() => setAsking('rotate')}>
              Rotate the token
            </GuardedButton>
          )}
          {revoked ? (
            <GuardedButton color="red.8" variant="outline" whyNot={reason} onClick={() => setAsking('remove')}>
              Remove
            </GuardedButton>
          ) : (
            <GuardedButton color="red.8" whyNot={reason} onClick={() => setAsking('revoke')}>
              Revoke
            </GuardedButton>
          )}
        </>
      }
    >
      <Stack gap="lg">
        {grant.problem === null ? null : (
          <Caution title="It cannot be used as it is">
            {grant.problem}
          </Caution>
        )}
        <Facts grant={grant} />
        {revoked ? null : (
          <section>
            <Title order={2} mb="xs">
              Connect a client
            </Title>
            <ClientConfiguration label={grant.label} token={null} />
          </section>
        )}
        <section>
          <Group justify="space-between" mb="xs">
            <Title order={2}>Recent calls</Title>
            <Anchor fz="sm" renderRoot={(props) => <Link to="/journal" search={{ grant: grant.label } as never} {...props} />}>
              All in the journal
            </Anchor>
          </Group>
          <DataTable label="Recent calls" columns={CALLS} rows={calls.data?.items} rowKey={({ id, seq }) => `${seq} ${id}`} error={calls.error} retry={() => void calls.refetch()} rowHref={({ id }) => `/journal?id=${encodeURIComponent(id)}`} empty={<EmptyState title="No call yet">Connect a client, and its calls come here.</EmptyState>} />
        </section>
      </Stack>
      {asking === 'edit' ? <EditGrant grant={grant} onClose={close} /> : null}
      {asking === 'rotate' ? <Rotate grant={grant} onClose={close} /> : null}
      <ConfirmDialog
        opened={asking === 'revoke'}
        onClose={close}
        title="Revoke the grant"
        confirm="Revoke grant"
        typed={grant.label}
        onConfirm={async () => {
          await post(`${apiPath('grants', grant.label)}/revoke`, undefined, { version: grant.version });
          await refresh();
          told('It is revoked: calls with its token are refused from now on.', grant.label);
        }}
      >
        Calls with its token are refused at once, sessions end, and this cannot be taken back: the agent needs a new grant.
      </ConfirmDialog>
      <ConfirmDialog
        opened={asking === 'remove'}
        onClose={close}
        title="Remove the grant"
        confirm="Remove grant"
        onConfirm={async () => {
          await remove(apiPath('grants', grant.label), grant.version);
          await queryClient.invalidateQueries({ queryKey: ['grants'], exact: true });
          await navigate({ to: '/grants' });
        }}
      >
        The journal keeps its calls under this label. A new grant may take the same label.
      </ConfirmDialog>
    </Page>
  );
}

function Facts({ grant }: { readonly grant: Grant }): ReactNode {
  const now = Date.now();
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Server', <Anchor key="server" renderRoot={(props) => <Link to={`/servers/${encodeURIComponent(grant.server)}`} {...props} />}>{grant.server}</Anchor>],
    [
      'Policies',
      grant.policies.length === 0
        ? 'none: it can call nothing'
        : grant.policies.map((name, index) => (
            <span key={name}>
              {index > 0 ? ', ' : ''}
              <Anchor renderRoot={(props) => <Link to={`/policies/${encodeURIComponent(name)}`} {...props} />}>{name}</Anchor>
            </span>
          )),
    ],
    ['Tags', grant.tags.length === 0 ? 'none' : grant.tags.join(', ')],
    ['Token', grant.tokenHint === null ? 'none' : `ends in ${grant.tokenHint}`],
    ...(grant.previousUntil !== null && Date.parse(grant.previousUntil) > now ? ([['Token before it', `works until ${exactTime(grant.previousUntil)}`]] as const) : []),
    ...(grant.oauth === null ? [] : ([['OAuth', `${grant.oauth.issuer}: ${Object.entries(grant.oauth.claims).map(([name, value]) => `${name}=${value}`).join(', ')}`]] as const)),
    ['Expires', grant.expiresAt === null ? 'never' : exactTime(grant.expiresAt)],
    ['Made by', grant.createdBy === '' ? 'gateway.yaml' : grant.createdBy],
    ['Last call', <RelativeTime key="used" at={grant.lastUsedAt} />],
    ['Calls, 24 h', grant.calls24h.toLocaleString('en')],
  ];
  return (
    <Paper withBorder p="md" radius="md">
      <SimpleGrid component="dl" cols={{ base: 1, xs: 2, md: 3 }} m={0} verticalSpacing="sm">
        {facts.map(([name, value]) => (
          <div key={name}>
            <Text component="dt" fz="sm" c="dimmed">
              {name}
            </Text>
            <Text component="dd" m={0}>
              {value}
            </Text>
          </div>
        ))}
      </SimpleGrid>
    </Paper>
  );
}

