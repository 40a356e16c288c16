import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { apiPath, get } from '../../api/client.ts';
import type { Policy } from '../../api/types.ts';
import { PageLoading } from '../../app/fallbacks.tsx';
import { ErrorState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { policyKey } from '../../policy-builder/api.ts';
import { PolicyBuilder } from './builder.tsx';

export default function PolicyPage(): ReactNode {
  const { policy: name = '' } = useParams({ strict: false }) as { readonly policy?: string };
  const policy = useQuery({ queryKey: policyKey(name), queryFn: ({ signal }) => get<Policy>(apiPath('policies', name), undefined, signal) });
  if (policy.data !== undefined) return <PolicyBuilder key={name} policy={policy.data} />;
  if (policy.error === null) return <PageLoading />;
  return (
    <Page title={name} crumbs={[{ label: 'Policies', to: '/policies' }]}>
      <ErrorState error={policy.error} retry={() => void policy.refetch()} />
    </Page>
  );
}
