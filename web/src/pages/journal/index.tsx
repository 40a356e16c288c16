import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function JournalPage(): ReactNode {
  return <Page title="Journal">{null}</Page>;
}
