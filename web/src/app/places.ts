import { IconChecks, IconHistory, IconKey, IconLayoutDashboard, IconMail, IconServer2, IconSettings, IconShieldCheck, IconTimeline, IconUsers, type Icon } from '@tabler/icons-react';
import type { Permission } from '../api/permissions.ts';

export interface Place {
  readonly to: string;
  readonly label: string;
  readonly icon: Icon;
  /** Left out for those who may not. */
  readonly needs?: Permission;
  /** Words by which the palette finds it too. */
  readonly words?: string;
  readonly group: 'watch' | 'configure' | 'administer';
  readonly badge?: 'approvals' | 'messages';
}

export const PLACES: readonly Place[] = [
  { to: '/', label: 'Overview', icon: IconLayoutDashboard, group: 'watch', words: 'home live calls' },
  { to: '/inbox/approvals', label: 'Approvals', icon: IconChecks, group: 'watch', badge: 'approvals', words: 'inbox approve deny waiting' },
  { to: '/journal', label: 'Journal', icon: IconTimeline, group: 'watch', words: 'log calls history export' },
  { to: '/servers', label: 'Servers', icon: IconServer2, group: 'configure', words: 'upstream tools mcp' },
  { to: '/policies', label: 'Policies', icon: IconShieldCheck, group: 'configure', words: 'rules yaml' },
  { to: '/grants', label: 'Grants', icon: IconKey, group: 'configure', words: 'tokens agents clients' },
  { to: '/members', label: 'Members', icon: IconUsers, group: 'administer', needs: 'members.write', words: 'people roles invite' },
  { to: '/audit', label: 'Audit', icon: IconHistory, group: 'administer', needs: 'audit.read', words: 'changes who' },
  { to: '/inbox/messages', label: 'Messages', icon: IconMail, group: 'administer', needs: 'settings.write', badge: 'messages', words: 'inbox catalogue contact' },
  { to: '/settings', label: 'Settings', icon: IconSettings, group: 'administer', needs: 'settings.write', words: 'organisation keys retention oidc' },
];
