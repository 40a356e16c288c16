import { Text } from '@mantine/core';
import { IconAlertTriangle, IconChecks, IconChevronRight, IconGitCompare, IconMail } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Overview } from '../../api/types.ts';
import { Section } from './section.tsx';

/** What waits for a person; nothing at all when nothing does. */
export function Attention({ overview }: { readonly overview: Overview }): ReactNode {
  const { approvalsWaiting, sickServers, heldDefinitions, unreadMessages } = overview;
  if (approvalsWaiting === 0 && sickServers.length === 0 && heldDefinitions === 0 && unreadMessages === 0) return null;
  return (
    <Section title="Needs you">
      <ul className="pl-attention">
        {approvalsWaiting > 0 ? (
          <Line to="/inbox/approvals" icon={<IconChecks size={20} color="var(--pl-write)" aria-hidden="true" />} what={approvalsWaiting === 1 ? 'One call waits for an approval' : `${approvalsWaiting} calls wait for an approval`} />
        ) : null}
        {sickServers.map(({ name, status, problem }) => (
          <Line key={name} to={`/servers/${encodeURIComponent(name)}`} icon={<IconAlertTriangle size={20} color="var(--pl-bad)" aria-hidden="true" />} what={`The server ${name} is ${status}`} why={problem} />
        ))}
        {heldDefinitions > 0 ? (
          <Line to="/servers" search={{ only: 'held' }} icon={<IconGitCompare size={20} color="var(--pl-warn)" aria-hidden="true" />} what={heldDefinitions === 1 ? 'One tool changed and is held back' : `${heldDefinitions} tools changed and are held back`} why="Calls to them are refused until somebody accepts the new definition." />
        ) : null}
        {unreadMessages > 0 ? <Line to="/inbox/messages" icon={<IconMail size={20} color="var(--pl-soft)" aria-hidden="true" />} what={unreadMessages === 1 ? 'One message from the catalogue' : `${unreadMessages} messages from the catalogue`} /> : null}
      </ul>
    </Section>
  );
}

function Line({ to, search = {}, icon, what, why }: { readonly to: string; readonly search?: Readonly<Record<string, string>>; readonly icon: ReactNode; readonly what: string; readonly why?: string | null }): ReactNode {
  return (
    <li>
      <Link to={to} search={search}>
        {icon}
        <span className="what">
          <Text component="span" fw={600} fz="sm" display="block">
            {what}
          </Text>
          {why === null || why === undefined ? null : (
            <Text component="span" fz="sm" c="dimmed" display="block">
              {why}
            </Text>
          )}
        </span>
        <IconChevronRight size={18} color="var(--pl-soft)" aria-hidden="true" />
      </Link>
    </li>
  );
}
