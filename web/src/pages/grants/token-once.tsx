import { Button, Checkbox, Group, Modal, Stack, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { Grant } from '../../api/types.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { ClientConfiguration } from './client-configuration.tsx';
import { Caution } from '../../policy-builder/caution.tsx';

/** A token in the one moment in which it can be seen, with the configurations that hold it. It is kept nowhere: closing forgets it. */
export function TokenOnce({ grant, token, title, onClose }: { readonly grant: Grant; readonly token: string | null; readonly title: string; readonly onClose: () => void }): ReactNode {
  const [stored, setStored] = useState(token === null);
  return (
    <Modal opened onClose={() => (stored ? onClose() : undefined)} closeOnClickOutside={stored} closeOnEscape={stored} withCloseButton={stored} title={title} size="xl" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        {token === null ? (
          <Text fz="sm">Callers whom the issuer vouches for can connect now. There is no token to store.</Text>
        ) : (
          <>
            <Caution title="This is the only time that the token is shown">
              The gateway keeps only its hash. Store it where the agent's secrets are, or put it into the client now.
            </Caution>
            <CodeBlock text={token} label="Token" wrap />
          </>
        )}
        <ClientConfiguration label={grant.label} token={token} />
        {token === null ? null : <Checkbox label="I have stored it" checked={stored} onChange={(event) => setStored(event.currentTarget.checked)} />}
        <Group justify="flex-end">
          <Button onClick={onClose} disabled={!stored}>
            Done
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
