import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import type { ReactNode } from 'react';

export interface GuardedButtonProps extends ButtonProps {
  /** Why it is off; null when it is on. It stays reachable by keyboard, so that the reason can be read. */
  readonly whyNot: string | null;
  readonly onClick: () => void;
  readonly children: ReactNode;
  readonly 'aria-label'?: string;
}

/** A button that says why it is off. */
export function GuardedButton({ whyNot, onClick, children, ...props }: GuardedButtonProps): ReactNode {
  if (whyNot === null) {
    return (
      <Button {...props} onClick={onClick}>
        {children}
      </Button>
    );
  }
  return (
    <Tooltip label={whyNot} events={{ hover: true, focus: true, touch: true }} multiline maw={280}>
      <Button {...props} data-disabled aria-disabled="true" onClick={(event) => event.preventDefault()}>
        {children}
      </Button>
    </Tooltip>
  );
}
