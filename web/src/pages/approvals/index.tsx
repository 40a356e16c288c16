import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function ApprovalsPage(): ReactNode {
  return <Page title="Approvals">{null}</Page>;
}
