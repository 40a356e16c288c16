import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function NewServerPage(): ReactNode {
  return <Page title="Add a server">{null}</Page>;
}
