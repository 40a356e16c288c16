import { Avatar, Menu, Text, UnstyledButton } from '@mantine/core';
import { IconKey, IconLogout, IconLogout2, IconUser } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { signOut } from '../api/session.ts';
import type { Me } from '../api/types.ts';
import { failed } from '../components/toasts.ts';

export const ROLE_WORDS = { viewer: 'viewer', approver: 'approver', policy_manager: 'policy manager', admin: 'admin' } as const;

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return `${[...(words[0] ?? '')][0] ?? '?'}${words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : ''}`.toUpperCase();
}

export function MemberMenu({ me, organisation }: { readonly me: Me; readonly organisation: string }): ReactNode {
  const navigate = useNavigate();
  const leave = (everywhere: boolean): void => void signOut(everywhere).then(() => navigate({ to: '/sign-in' }), failed);
  return (
    <Menu position="bottom-end" width={240} withinPortal>
      <Menu.Target>
        <UnstyledButton aria-label={`${me.name}: account`} style={{ borderRadius: 99 }}>
          <Avatar size={32} radius="xl" color="accent" variant="filled" name={initials(me.name)} aria-hidden="true">
            {initials(me.name)}
          </Avatar>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div style={{ padding: '0.5rem 0.75rem' }}>
          <Text fz="sm" fw={600} truncate title={me.name}>
            {me.name}
          </Text>
          <Text fz="xs" c="dimmed" truncate title={me.email}>
            {me.email}
          </Text>
          <Text fz="xs" c="dimmed">
            {me.role === null ? 'some servers only' : ROLE_WORDS[me.role]}
            {organisation === '' ? '' : `, ${organisation}`}
          </Text>
        </div>
        <Menu.Divider />
        <Menu.Item leftSection={<IconUser size={16} aria-hidden="true" />} renderRoot={(props) => <Link to="/account" {...props} />}>
          Your account
        </Menu.Item>
        <Menu.Item leftSection={<IconKey size={16} aria-hidden="true" />} renderRoot={(props) => <Link to="/tokens" {...props} />}>
          API tokens
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden="true" />} onClick={() => leave(false)}>
          Log out
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout2 size={16} aria-hidden="true" />} onClick={() => leave(true)}>
          Log out everywhere
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
