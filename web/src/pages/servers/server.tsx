import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function ServerPage(): ReactNode {
  return <Page title="Server">{null}</Page>;
}
