import { Button, Divider, Group, Modal, Stack, Switch, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { apiPath, getAll, patch, post, remove } from '../../api/client.ts';
import { fieldErrors } from '../../api/problem.ts';
import { useMe } from '../../api/session.ts';
import type { Role, Server } from '../../api/types.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { exactTime } from '../../components/relative-time.tsx';
import { failed, told } from '../../components/toasts.ts';
import type { Member } from './member.ts';
import { RoleFields } from './role-fields.tsx';
import { Caution } from '../../policy-builder/caution.tsx';

interface Link {
  readonly text: string;
  readonly until: string | null;
  readonly what: string;
}

/** Invites somebody (`member` is null), or changes what a member may do. */
export function MemberDialog({ member, onClose }: { readonly member: Member | null; readonly onClose: () => void }): ReactNode {
  const queryClient = useQueryClient();
  const me = useMe();
  const servers = useQuery({ queryKey: ['servers'], queryFn: ({ signal }) => getAll<Server>('/servers', {}, signal) });
  const [name, setName] = useState(member?.name ?? '');
  const [email, setEmail] = useState(member?.email ?? '');
  const [role, setRole] = useState<Role | null>(member === null ? 'viewer' : member.role);
  const [serverRoles, setServerRoles] = useState(member?.serverRoles ?? {});
  const [disabled, setDisabled] = useState(member?.disabled ?? false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [link, setLink] = useState<Link | null>(null);
  const [asking, setAsking] = useState<'remove' | 'sessions' | null>(null);
  const wrong = fieldErrors(error);
  const refresh = (): void => void queryClient.invalidateQueries({ queryKey: ['members'] });
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      if (member === null) {
        const made = await post<{ inviteLink: string; inviteExpiresAt?: string }>('/members', { name, email, role, serverRoles });
        setLink({ text: made.inviteLink, until: made.inviteExpiresAt ?? null, what: `Invitation for ${email}` });
      } else {
        await patch(apiPath('members', member.id), { name, email, role, serverRoles, disabled }, member.version);
        told('Saved.', name);
        onClose();
      }
      refresh();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (link !== null) return <OneTimeLink link={link} onClose={onClose} />;
  const reset = (): void => {
    if (member === null) return;
    post<{ link: string; expiresAt?: string }>(`${apiPath('members', member.id)}/reset`).then((made) => setLink({ text: made.link, until: made.expiresAt ?? null, what: `Link for ${member.email}` }), failed);
  };
  return (
    <>
      <Modal opened={asking === null} onClose={onClose} title={member === null ? 'Invite a member' : member.name} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy) void save();
          }}
        >
          <Stack>
            <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} error={wrong['name']} required maxLength={120} data-autofocus={member === null ? true : undefined} autoComplete="off" />
            <TextInput label="E-mail" type="email" description="With this one signs in, and by this approvals are named." value={email} onChange={(event) => setEmail(event.currentTarget.value)} error={wrong['email']} required maxLength={254} autoComplete="off" />
            <RoleFields role={role} onRole={setRole} serverRoles={serverRoles} onServerRoles={setServerRoles} servers={(servers.data ?? []).map((server) => server.name)} error={wrong} />
            {member === null ? null : <Switch label="May sign in" description="Switched off, all sessions end at once and API tokens stop working." checked={!disabled} onChange={(event) => setDisabled(!event.currentTarget.checked)} disabled={member.id === me?.id} />}
            <ProblemAlert error={error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={busy} disabled={name.trim() === '' || email.trim() === ''}>
                {member === null ? 'Make the invitation' : 'Save'}
              </Button>
            </Group>
            {member === null ? null : (
              <>
                <Divider />
                <Group gap="xs">
                  <Button variant="default" size="xs" onClick={reset} disabled={member.disabled}>
                    {member.status === 'invited' ? 'New invitation link' : 'Link for a new password'}
                  </Button>
                  <Button variant="default" size="xs" onClick={() => setAsking('sessions')}>
                    Sign out everywhere
                  </Button>
                  <Button variant="outline" color="red.8" size="xs" onClick={() => setAsking('remove')} disabled={member.id === me?.id}>
                    Remove
                  </Button>
                </Group>
              </>
            )}
          </Stack>
        </form>
      </Modal>
      {member === null ? null : (
        <>
          <ConfirmDialog
            opened={asking === 'sessions'}
            onClose={() => setAsking(null)}
            title="Sign out everywhere"
            confirm="End all sessions"
            onConfirm={async () => {
              await remove(`${apiPath('members', member.id)}/sessions`);
              told('All sessions ended.', member.name);
            }}
          >
            Every browser of {member.name} has to sign in again. API tokens go on working.
          </ConfirmDialog>
          <ConfirmDialog
            opened={asking === 'remove'}
            onClose={() => setAsking(null)}
            title="Remove the member"
            confirm="Remove member"
            typed={member.email}
            onConfirm={async () => {
              await remove(apiPath('members', member.id), member.version);
              refresh();
              onClose();
            }}
          >
            Sessions and API tokens of {member.name} end. The journal and the audit keep what was done.
          </ConfirmDialog>
        </>
      )}
    </>
  );
}

/** A link in the one moment in which it can be seen. */
function OneTimeLink({ link, onClose }: { readonly link: Link; readonly onClose: () => void }): ReactNode {
  return (
    <Modal opened onClose={onClose} closeOnClickOutside={false} title={link.what} size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Caution title="The link works once, and is shown only now">
          Whoever has it gets in. Give it to this person by a way that you trust.{link.until === null ? '' : ` It ends ${exactTime(link.until)}.`}
        </Caution>
        <CodeBlock text={link.text} label={link.what} wrap />
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
