import { notifications } from '@mantine/notifications';
import { ApiProblem, readable } from '../api/problem.ts';

/** Something was done. */
export function told(message: string, title?: string): void {
  notifications.show({ message, ...(title === undefined ? {} : { title }), color: 'teal.8', withBorder: true, closeButtonProps: { 'aria-label': 'Close' } });
}

/** Something was not done, and why. */
export function failed(error: unknown, title = 'Not done'): void {
  const request = error instanceof ApiProblem && error.requestId !== null && error.status >= 500 ? ` (request ${error.requestId})` : '';
  notifications.show({ title, message: `${readable(error)}${request}`, color: 'red.8', withBorder: true, closeButtonProps: { 'aria-label': 'Close' }, autoClose: 10_000, role: 'alert' });
}
