import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function MessagesPage(): ReactNode {
  return <Page title="Messages">{null}</Page>;
}
