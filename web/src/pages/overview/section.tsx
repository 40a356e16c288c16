import { Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

export function Section({ title, hint, action, children }: { readonly title: string; readonly hint?: string; readonly action?: ReactNode; readonly children: ReactNode }): ReactNode {
  return (
    <Stack gap="sm" component="section">
      <Group justify="space-between" align="baseline" gap="xs">
        <Group gap="sm" align="baseline">
          <Title order={2}>{title}</Title>
          {hint === undefined ? null : (
            <Text fz="sm" c="dimmed">
              {hint}
            </Text>
          )}
        </Group>
        {action}
      </Group>
      {children}
    </Stack>
  );
}
