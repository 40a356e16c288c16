import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function PoliciesPage(): ReactNode {
  return <Page title="Policies">{null}</Page>;
}
