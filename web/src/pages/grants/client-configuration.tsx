import { Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { apiPath, get } from '../../api/client.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { withToken } from './expiry.ts';

interface Client {
  readonly id: string;
  readonly title: string;
  readonly path: string;
  readonly format: 'json' | 'toml' | 'shell';
  readonly text: string;
}

/** What goes into the configuration of each client. @param token only in the moment in which it is shown */
export function ClientConfiguration({ label, token }: { readonly label: string; readonly token: string | null }): ReactNode {
  const clients = useQuery({ queryKey: ['grants', label, 'clients'], queryFn: ({ signal }) => get<{ clients: readonly Client[] }>(`${apiPath('grants', label)}/clients`, undefined, signal) });
  if (clients.data === undefined) return clients.error === null ? <Skeleton height={180} /> : <ProblemAlert error={clients.error} />;
  const list = clients.data.clients;
  return (
    <Tabs defaultValue={list[0]?.id ?? null} keepMounted={false}>
      <Tabs.List>
        {list.map(({ id, title }) => (
          <Tabs.Tab key={id} value={id}>
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {list.map(({ id, title, path, format, text }) => (
        <Tabs.Panel key={id} value={id} pt="sm">
          <Stack gap="xs">
            <Text fz="sm" c="dimmed">
              {format === 'shell' ? (
                `Run this ${path}`
              ) : (
                <>
                  Goes into <span className="pl-mono">{path}</span>
                </>
              )}
              {token === null && text.includes('<TOKEN>') ? '. Put the token in place of <TOKEN>.' : ''}
            </Text>
            <CodeBlock text={withToken(text, token)} label={`Configuration of ${title}`} wrap={format === 'shell'} />
          </Stack>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
