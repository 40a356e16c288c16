import { Grid, SimpleGrid, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useLive } from '../../api/live.tsx';
import { overviewQuery } from '../../api/overview.ts';
import type { Overview } from '../../api/types.ts';
import { counted } from '../../components/counted.ts';
import { ErrorState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { Attention } from './attention.tsx';
import { CallsChart } from './calls-chart.tsx';
import { FirstSteps } from './first-steps.tsx';
import { LiveCalls } from './live-calls.tsx';
import { Section } from './section.tsx';
import { Tile } from './tile.tsx';
import { TopRules, TopTools } from './top-lists.tsx';

export default function OverviewPage(): ReactNode {
  const { data, error, refetch } = useQuery(overviewQuery);
  const [stats, setStats] = useState<Partial<Overview['gateway']>>({});
  useLive('stats', (now) => setStats(now as Partial<Overview['gateway']>));
  const { inFlight, sessions, children } = { inFlight: null, sessions: null, children: null, ...data?.gateway, ...stats };
  return (
    <Page title="Overview">
      {error !== null && data === undefined ? <ErrorState error={error} retry={() => void refetch()} /> : null}
      <FirstSteps />
      {data === undefined ? (
        error === null ? <Skeleton height={320} /> : null
      ) : (
        <Stack gap="xl">
          <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="lg">
            <Tile label="Admitted" value={data.calls.last24h.admitted} hint="last 24 h" tone="good" search={{ outcome: 'ok' }} />
            <Tile label="Refused" value={data.calls.last24h.refused} hint="last 24 h" tone="bad" search={{ outcome: 'refused' }} />
            <Tile label="Failed" value={data.calls.last24h.failed} hint="last 24 h, by the upstream" tone="warn" search={{ outcome: 'upstream_failed' }} />
            {inFlight === null ? <Tile label="Approvals" value={data.approvalsWaiting} hint="waiting" tone="info" /> : <Tile label="Running now" value={inFlight} hint={`${counted(sessions, 'session')}, ${counted(children, 'process', 'processes')}`} tone="info" />}
          </SimpleGrid>
          <Attention overview={data} />
          <Section title="Calls over time" hint={data.complete ? '24 hours, in steps of 5 minutes' : 'older calls are still being counted'}>
            <CallsChart series={data.series} />
          </Section>
          <Grid gap="xl">
            <Grid.Col span={{ base: 12, md: 7 }}>
              <LiveCalls />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 5 }}>
              <Stack gap="xl">
                <TopRules rules={data.topRules} />
                <TopTools tools={data.topTools} />
              </Stack>
            </Grid.Col>
          </Grid>
        </Stack>
      )}
    </Page>
  );
}
