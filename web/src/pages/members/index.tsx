import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function MembersPage(): ReactNode {
  return <Page title="Members">{null}</Page>;
}
