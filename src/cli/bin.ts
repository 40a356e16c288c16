#!/usr/bin/env node
// The entry of the command line. `run` is on the path of every client start, so it comes first and loads nothing that the other
// commands need.
const [command, ...args] = process.argv.slice(2);

if (command === 'run') {
  const { run } = await import('./commands/run.ts');
  process.exit(await run(args));
} else {
  // A reader that went away (`policylayer logs | head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const { main } = await import('./program.ts');
  process.exitCode = await main(process.argv);
}
