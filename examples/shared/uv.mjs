// Python programs by uvx, at exact versions.
import { spawnSync } from 'node:child_process';
import { patiently, Trouble } from './stage.mjs';

const WHERE = 'see https://docs.astral.sh/uv/ (or: python3 -m pip install uv)';

/** Where uv keeps what it downloaded. @throws Trouble when there is no uv */
export function findUv() {
  for (const program of ['uv', 'uvx']) {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0) throw new Trouble(`${program} was not found: the servers of this example are Python programs that uvx starts; ${WHERE}`);
  }
  const { status, stdout, stderr } = spawnSync('uv', ['cache', 'dir'], { encoding: 'utf8' });
  if (status !== 0) throw new Trouble(`uv cache dir failed: ${stderr.trim().split('\n').at(-1)}`);
  return stdout.trim();
}

/** The environment under which uvx takes exactly the versions of the constraints file. */
export const pinned = (constraints) => ({ UV_CONSTRAINT: constraints, UV_NO_PROGRESS: '1' });

/** Downloads the package into uv's cache, once; later starts need no network. @throws Trouble */
export async function download(stage, requirement, constraints) {
  console.log(`uvx: ${requirement} (the first time this downloads it)`);
  const name = `uvx-${requirement.split(/[[=]/)[0]}`;
  const status = await patiently(requirement, () => stage.run(name, 'uvx', ['--from', requirement, 'python', '-c', ''], { ...process.env, ...pinned(constraints) }));
  if (status !== 0) throw new Trouble(`uvx could not get ${requirement}, or no Python for it: ${stage.lastWords(name)}`);
}
