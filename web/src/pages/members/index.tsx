import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { getAll } from '../../api/client.ts';
import { useWhyNot } from '../../api/session.ts';
import { ROLE_WORDS } from '../../app/member-menu.tsx';
import { StatusBadge } from '../../components/badges.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { GuardedButton } from '../../components/guarded-button.tsx';
import { Page } from '../../components/page.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { Truncated } from '../../components/truncated.tsx';
import { MemberDialog } from './member-dialog.tsx';
import type { Member } from './member.ts';

const TONES = { active: 'good', invited: 'info', disabled: 'quiet' } as const;

const rights = ({ role, serverRoles }: Member): string => {
  const servers = Object.entries(serverRoles).map(([server, own]) => `${ROLE_WORDS[own]} of ${server}`);
  return [...(role === null ? [] : [ROLE_WORDS[role]]), ...servers].join(', ') || 'none';
};

const COLUMNS: readonly Column<Member>[] = [
  { id: 'name', header: 'Member', cell: ({ name }) => <Truncated text={name} />, sort: ({ name }) => name, text: ({ name, email }) => `${name} ${email}` },
  { id: 'email', header: 'E-mail', cell: ({ email }) => <Truncated text={email} />, sort: ({ email }) => email },
  { id: 'status', header: 'Status', cell: ({ status }) => <StatusBadge tone={TONES[status]}>{status}</StatusBadge>, sort: ({ status }) => status, text: ({ status }) => status },
  { id: 'role', header: 'Rights', cell: (member) => <Truncated text={rights(member)} />, sort: ({ role }) => role ?? '', text: rights },
  { id: 'ways', header: 'Signs in by', cell: ({ signIn }) => (signIn.length === 0 ? 'nothing yet' : signIn.map((way) => (way === 'oidc' ? 'single sign-on' : way)).join(', ')), wideOnly: true },
  { id: 'seen', header: 'Last sign-in', tight: true, cell: ({ lastSignInAt }) => <RelativeTime at={lastSignInAt} />, sort: ({ lastSignInAt }) => lastSignInAt },
];

export default function MembersPage(): ReactNode {
  const members = useQuery({ queryKey: ['members'], queryFn: ({ signal }) => getAll<Member>('/members', {}, signal) });
  const whyNot = useWhyNot('members.write', null);
  const [inviting, invite] = useDisclosure(false);
  const [open, setOpen] = useState<string | null>(null);
  const shown = members.data?.find(({ id }) => id === open);
  return (
    <Page title="Members" lede="Who may sign in, and what each may do: in the whole organisation, or for some servers only." actions={<GuardedButton whyNot={whyNot} onClick={invite.open}>Invite a member</GuardedButton>}>
      <DataTable
        label="Members"
        columns={COLUMNS}
        rows={members.data}
        rowKey={({ id }) => id}
        error={members.error}
        retry={() => void members.refetch()}
        onOpen={({ id }) => setOpen(id)}
        initialSort={{ id: 'name', desc: false }}
        filter="Find a member"
        empty={<EmptyState title="There is nobody yet">Invite somebody: the link works once.</EmptyState>}
      />
      {inviting ? <MemberDialog member={null} onClose={invite.close} /> : null}
      {shown === undefined ? null : <MemberDialog key={shown.id} member={shown} onClose={() => setOpen(null)} />}
    </Page>
  );
}
