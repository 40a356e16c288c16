import { Button, Paper, Text, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { grantsQuery, policiesQuery, serversQuery } from '../../api/lists.ts';
import { overviewQuery } from '../../api/overview.ts';

/** The way from nothing to the first call. Gone once a call has come through. */
export function FirstSteps(): ReactNode {
  const servers = useQuery(serversQuery).data;
  const policies = useQuery(policiesQuery).data;
  const grants = useQuery(grantsQuery).data;
  const overview = useQuery(overviewQuery).data;
  if (servers === undefined || policies === undefined || grants === undefined || overview === undefined) return null;
  const { admitted, refused } = overview.calls.last24h;
  const connected = admitted + refused > 0 || grants.some(({ lastUsedAt }) => lastUsedAt !== null);
  const grant = grants.find(({ status }) => status === 'active') ?? grants[0];
  const server = servers[0]?.name ?? '';
  const steps = [
    { done: servers.length > 0, title: 'Add a server', text: 'The MCP server that your agents use: a command, or a URL. Paste what you have.', action: 'Add a server', to: '/servers/new', search: {} },
    { done: policies.some(({ published }) => published !== null), title: 'Publish a policy', text: 'Which of its tools may be called, how often, and which need a person. Begin with what the scan proposes.', action: 'Make a policy', to: '/policies', search: policies.length === 0 ? { new: server } : {} },
    { done: grants.length > 0, title: 'Mint a grant', text: 'A token for one agent on one server, with the policies that hold for it.', action: 'Mint a grant', to: '/grants', search: { new: 'grant', server } },
    { done: connected, title: 'Connect a client', text: 'Point Claude Code, Cursor or another client at the gateway. The configuration is ready to copy.', action: 'See the configuration', to: grant === undefined ? '/grants' : `/grants/${encodeURIComponent(grant.label)}`, search: {} },
  ];
  const next = steps.findIndex(({ done }) => !done);
  if (next < 0) return null;
  return (
    <Paper withBorder p="lg" radius="md" component="section" aria-labelledby="first-steps">
      <Title order={2} id="first-steps">
        First steps
      </Title>
      <Text c="dimmed" fz="sm" mb="xs">
        {steps.filter(({ done }) => done).length} of {steps.length} done
      </Text>
      <ol className="pl-steps">
        {steps.map(({ done, title, text, action, to, search }, index) => (
          <li key={title} data-done={done} data-next={index === next}>
            <span className="mark" aria-hidden="true">
              {done ? <IconCheck size={16} stroke={2.5} /> : index + 1}
            </span>
            <div className="what">
              <Text fw={600}>
                {title}
                {done ? <span className="pl-hidden"> (done)</span> : null}
              </Text>
              {done ? null : (
                <Text fz="sm" c="dimmed">
                  {text}
                </Text>
              )}
            </div>
            {index === next ? (
              <Button size="sm" renderRoot={(props) => <Link to={to} search={search} {...props} />}>
                {action}
              </Button>
            ) : null}
          </li>
        ))}
      </ol>
    </Paper>
  );
}
