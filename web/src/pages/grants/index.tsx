import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function GrantsPage(): ReactNode {
  return <Page title="Grants">{null}</Page>;
}
