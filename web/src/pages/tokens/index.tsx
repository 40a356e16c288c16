import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function TokensPage(): ReactNode {
  return <Page title="API tokens">{null}</Page>;
}
