import type { Window } from './dom.ts';

/** Gives every block of code a button that copies it; without a script there is none, and the text can be selected. */
export function copyButtons(window: Window): void {
  const { document, navigator } = window;
  const { clipboard } = navigator;
  // Browsers have no clipboard for pages that came over plain HTTP from another machine.
  if (clipboard === undefined) return;
  for (const block of document.querySelectorAll('.code')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', () => {
      clipboard.writeText(block.querySelector('code')?.textContent ?? '').then(
        () => told('Copied'),
        () => told('Not copied'),
      );
    });
    const told = (text: string): void => {
      button.textContent = text;
      window.setTimeout(() => (button.textContent = 'Copy'), 1_500);
    };
    block.append(button);
  }
}
