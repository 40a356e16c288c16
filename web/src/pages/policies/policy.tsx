import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function PolicyPage(): ReactNode {
  return <Page title="Policy">{null}</Page>;
}
