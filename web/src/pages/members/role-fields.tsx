import { ActionIcon, Group, Select, Stack, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { ROLES, type Role } from '../../api/types.ts';
import { ROLE_WORDS } from '../../app/member-menu.tsx';
import { ROLE_HELP } from './member.ts';

const NONE = 'none';
const roleOf = (value: string | null): Role | null => ROLES.find((role) => role === value) ?? null;
const CHOICES = ROLES.map((value) => ({ value, label: ROLE_WORDS[value] }));

export interface RoleFieldsProps {
  readonly role: Role | null;
  readonly onRole: (role: Role | null) => void;
  readonly serverRoles: Readonly<Record<string, Role>>;
  readonly onServerRoles: (roles: Readonly<Record<string, Role>>) => void;
  readonly servers: readonly string[];
  readonly error: Readonly<Record<string, string>>;
}

/** A role in the whole organisation, and others for single servers. */
export function RoleFields({ role, onRole, serverRoles, onServerRoles, servers, error }: RoleFieldsProps): ReactNode {
  const free = servers.filter((server) => !Object.hasOwn(serverRoles, server));
  return (
    <Stack gap="sm">
      <Select label="Role in the organisation" description={role === null ? 'Only what is said for single servers below.' : ROLE_HELP[role]} data={[{ value: NONE, label: 'none' }, ...CHOICES]} value={role ?? NONE} allowDeselect={false} onChange={(value) => onRole(roleOf(value))} error={error['role']} />
      <div>
        <Text fz="sm" fw={500}>
          Roles for single servers
        </Text>
        <Stack gap={6} mt={6}>
          {Object.entries(serverRoles).map(([server, own]) => (
            <Group key={server} gap="xs" wrap="nowrap">
              <Text fz="sm" flex={1} miw={0} truncate title={server}>
                {server}
              </Text>
              <Select aria-label={`Role for ${server}`} size="xs" w="11rem" data={CHOICES} value={own} allowDeselect={false} onChange={(value) => onServerRoles({ ...serverRoles, [server]: roleOf(value) ?? own })} />
              <ActionIcon variant="subtle" color="gray.7" aria-label={`Take the role for ${server} away`} onClick={() => onServerRoles(Object.fromEntries(Object.entries(serverRoles).filter(([name]) => name !== server)))}>
                <IconTrash size={16} aria-hidden="true" />
              </ActionIcon>
            </Group>
          ))}
          {free.length === 0 ? null : (
            <Select aria-label="Add a role for a server" size="xs" placeholder="Add a server" leftSection={<IconPlus size={14} aria-hidden="true" />} data={[...free]} value={null} searchable onChange={(server) => (server === null ? undefined : onServerRoles({ ...serverRoles, [server]: 'viewer' }))} />
          )}
          {error['serverRoles'] === undefined ? null : (
            <Text fz="xs" c="var(--mantine-color-error)">
              {error['serverRoles']}
            </Text>
          )}
        </Stack>
      </div>
    </Stack>
  );
}

