import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function ServersPage(): ReactNode {
  return <Page title="Servers">{null}</Page>;
}
