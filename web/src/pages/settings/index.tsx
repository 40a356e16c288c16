import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';

export default function SettingsPage(): ReactNode {
  return <Page title="Settings">{null}</Page>;
}
