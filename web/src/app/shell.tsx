import { AppShell, Burger, Container, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';
import { LiveProvider } from '../api/live.tsx';
import { useSession } from '../api/session.ts';
import { ColourSwitch } from './colour-switch.tsx';
import { LiveIndicator } from './live-indicator.tsx';
import { MemberMenu } from './member-menu.tsx';
import { Navigation } from './navigation.tsx';
import { PaletteButton } from './palette-button.tsx';
import './shell.css';

/** Frame of every page for somebody who is signed in. */
export function Shell(): ReactNode {
  const [open, menu] = useDisclosure(false);
  const session = useSession();
  const navigate = useNavigate();
  const address = useRouterState({ select: (state) => state.location.href });
  const path = useRouterState({ select: (state) => state.location.pathname });
  const gone = session.data !== undefined && session.data.member === null;
  const leaving = useRef(false);
  useEffect(() => {
    // Once: the address of the sign-in itself is no place to go back to.
    if (!gone || leaving.current) return;
    leaving.current = true;
    void navigate({ to: '/sign-in', search: address === '/' ? {} : { next: address }, replace: true });
  }, [gone, navigate, address]);
  const { close } = menu;
  useEffect(() => {
    close();
  }, [path, close]);
  if (session.data === undefined || session.data.member === null) return null;
  return (
    <LiveProvider>
      <a className="pl-skip" href="#content">
        Skip to the content
      </a>
      <AppShell header={{ height: 56 }} navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !open } }} padding={{ base: 'md', sm: 'lg' }}>
        <AppShell.Header className="pl-header">
          <Group h="100%" px="md" gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={open ? 'Close the navigation' : 'Open the navigation'} aria-expanded={open} />
            <Link to="/" className="pl-brand">
              <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
                <path fill="currentColor" d="M12 2 4 5v6c0 5 3.4 9.4 8 11 4.6-1.6 8-6 8-11V5z" />
                <path fill="none" stroke="var(--mantine-color-body)" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" d="m8.5 12 2.5 2.5 4.5-5" />
              </svg>
              PolicyLayer
            </Link>
            <Group ml="auto" gap="sm" wrap="nowrap">
              <LiveIndicator />
              <PaletteButton />
              <ColourSwitch />
              <MemberMenu me={session.data.member} organisation={session.data.organisation.name} />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar className="pl-nav" p="sm" aria-label="Pages">
          <Navigation version={session.data.version} />
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1}>
          <Container fluid p={0} className="pl-main">
            <Outlet />
          </Container>
        </AppShell.Main>
      </AppShell>
    </LiveProvider>
  );
}
