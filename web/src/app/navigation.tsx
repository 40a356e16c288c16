import { ScrollArea, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { overviewQuery } from '../api/overview.ts';
import { may } from '../api/permissions.ts';
import { useMe } from '../api/session.ts';
import { PLACES } from './places.ts';

const GROUPS = [
  ['watch', 'Watch'],
  ['configure', 'Configure'],
  ['administer', 'Administer'],
] as const;

/** The side navigation: only what this person may open. */
export function Navigation({ version }: { readonly version: string }): ReactNode {
  const me = useMe();
  const overview = useQuery(overviewQuery).data;
  const counts = { approvals: overview?.approvalsWaiting ?? 0, messages: overview?.unreadMessages ?? 0 };
  return (
    <>
      <ScrollArea flex={1} type="never">
        {GROUPS.map(([group, label]) => {
          const places = PLACES.filter((place) => place.group === group && (place.needs === undefined || may(me, place.needs)));
          if (places.length === 0) return null;
          return (
            <div key={group} className="pl-nav-group">
              <Text fz="xs" fw={600} c="dimmed" px="sm" pb={4}>
                {label}
              </Text>
              {places.map(({ to, label: name, icon: Sign, badge }) => {
                const count = badge === undefined ? 0 : counts[badge];
                return (
                  <Link key={to} to={to} className="pl-nav-link" activeOptions={{ exact: to === '/', includeSearch: false }}>
                    <Sign size={18} stroke={1.75} aria-hidden="true" />
                    {name}
                    {count === 0 ? null : (
                      <span className="pl-nav-count">
                        {count > 99 ? '99+' : count}
                        <span className="pl-hidden"> {badge === 'approvals' ? 'waiting' : 'unread'}</span>
                      </span>
                    )}
                  </Link>
                );
              })}
            </div>
          );
        })}
      </ScrollArea>
      <Text fz="xs" c="dimmed" px="sm" pt="sm">
        PolicyLayer {version} ·{' '}
        <a href="/catalogue" style={{ color: 'inherit' }}>
          Catalogue
        </a>
      </Text>
    </>
  );
}
