import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function GrantPage(): ReactNode {
  return <Page title="Grant">{null}</Page>;
}
