import { printedJson } from '../printed-json.ts';
import { Refused } from './state.ts';

/**
 * Runs a command on the state, and says why it was refused.
 * @param json the reason goes to stdout as an object, too
 * @returns the exit status: that of `act`, or 1 for a refusal
 */
export async function told({ json }: { readonly json?: boolean }, act: () => number | Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (json === true) process.stdout.write(`${printedJson({ error: { code: error.code, message: error.message } })}\n`);
    process.stderr.write(`policylayer: ${error.message}\n`);
    return 1;
  }
}
