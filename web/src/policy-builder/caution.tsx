import { Group, Paper, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';

const COLOURS = { warn: ['var(--pl-warn-well)', 'var(--pl-warn)'], bad: ['var(--pl-bad-well)', 'var(--pl-bad)'], info: ['var(--pl-write-well)', 'var(--pl-write)'] } as const;

/** Something that people must see before they go on. The pairs of colours carry text, which Mantine's own alerts do not in every scheme. */
export function Caution({ tone = 'warn', title, children, alert = false }: { readonly tone?: keyof typeof COLOURS; readonly title?: string; readonly children?: ReactNode; readonly alert?: boolean }): ReactNode {
  const [back, ink] = COLOURS[tone];
  const Sign = tone === 'info' ? IconInfoCircle : IconAlertTriangle;
  return (
    <Paper bg={back} p="sm" radius="md" {...(alert ? { role: 'alert' } : {})}>
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <Sign size={19} color={ink} style={{ flex: 'none', marginTop: 2 }} aria-hidden="true" />
        <Stack gap={4} miw={0}>
          {title === undefined ? null : (
            <Text c={ink} fw={650} fz="sm">
              {title}
            </Text>
          )}
          {children === undefined ? null : (
            <Text component="div" fz="sm">
              {children}
            </Text>
          )}
        </Stack>
      </Group>
    </Paper>
  );
}
