import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function AccountPage(): ReactNode {
  return <Page title="Your account">{null}</Page>;
}
