import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect, type ReactNode } from 'react';

export interface Crumb {
  readonly label: string;
  readonly to: string;
}

/** Frame of every page: its heading (also the window's title), what stands above it, and the actions beside it. */
export function Page({ title, lede, crumbs = [], actions, badges, children }: { readonly title: string; readonly lede?: ReactNode; readonly crumbs?: readonly Crumb[]; readonly actions?: ReactNode; readonly badges?: ReactNode; readonly children: ReactNode }): ReactNode {
  useEffect(() => {
    document.title = `${title} · PolicyLayer`;
  }, [title]);
  return (
    <Stack gap="lg">
      <Stack gap={6}>
        {crumbs.length === 0 ? null : (
          <nav aria-label="Breadcrumb">
            <Breadcrumbs fz="sm">
              {crumbs.map(({ label, to }) => (
                <Anchor key={to} renderRoot={(props) => <Link to={to} {...props} />} fz="sm" c="dimmed">
                  {label}
                </Anchor>
              ))}
              <Text fz="sm" c="dimmed" truncate maw="16rem" aria-current="page">
                {title}
              </Text>
            </Breadcrumbs>
          </nav>
        )}
        <Group justify="space-between" align="flex-start" gap="sm">
          <Group gap="sm" miw={0} align="center">
            <Title order={1} id="page-title" tabIndex={-1}>
              {title}
            </Title>
            {badges}
          </Group>
          {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
        </Group>
        {lede === undefined ? null : (
          <Text c="dimmed" maw="46rem" component="div">
            {lede}
          </Text>
        )}
      </Stack>
      {children}
    </Stack>
  );
}
