/**
 * The main program of the compiler's process: takes one job at a time from its parent, and answers it.
 */

import type { Job, JobReply } from './compile-process.js';
import { Toolchain } from './toolchain.js';

const [, , cacheDir = '.cache'] = process.argv;
const toolchain = new Toolchain(cacheDir);

process.on('message', (job: Job) => {
  // Each run of a tool leaves a memory of hundreds of megabytes, which V8 would let lie until it feels the need.
  globalThis.gc?.();
  answer(job).then(
    (reply) => process.send!(reply),
    (cause: unknown) =>
      process.send!({ kind: 'failed', message: cause instanceof Error ? cause.message : String(cause) }),
  );
});
process.on('disconnect', () => process.exit(0));

async function answer(job: Job): Promise<JobReply> {
  switch (job.kind) {
    case 'syntaxTree':
      return { kind: 'done', result: await toolchain.syntaxTree(job.input) };
    case 'object':
      return { kind: 'done', result: await toolchain.object(job.input) };
    case 'link':
      return { kind: 'done', result: await toolchain.link(job.objects, job.debug) };
    case 'sdkTree':
      return {
        kind: 'done',
        result: { ok: true, stdout: await toolchain.sdkTree(job.standard, job.name), stderr: '', file: undefined },
      };
  }
}
