// Rotates the keys of a data directory over and over, until it is killed. Prints a line when it begins.
import { openSecretBox } from '../../../src/control/secrets/secret-box.ts';
import { rotateKeys } from '../../../src/control/secrets/reseal.ts';
import { databasePath, openState } from '../../../src/state/open.ts';

const dataDir = process.argv[2] ?? '';
const state = await openState({ path: databasePath(dataDir) });
const box = openSecretBox({ dataDir, env: {} });
process.stdout.write('begins\n');
for (;;) await rotateKeys(state.registry, box);
