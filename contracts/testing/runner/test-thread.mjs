// Main program of the process that runs a contract's tests: runs the file in a thread whose stack holds the most deeply
// nested contract with the largest frames, whatever this system gives to the main thread.
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/** As much as the threads of a node have. */
const STACK_MB = 48;

const thread = new Worker(pathToFileURL(process.argv[2]), { resourceLimits: { stackSizeMb: STACK_MB } });
thread.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});
thread.on('exit', (code) => {
  process.exitCode ||= code;
});
