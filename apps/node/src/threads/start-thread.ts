/** Starting worker threads from modules of this program, compiled or not. */
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts the module at `url` as a worker thread.
 *
 * Compiled, that is all. From sources, the thread must load TypeScript: Node does not apply the loader of `--import` to
 * a worker's entry, so that the entry is a line of JavaScript which registers tsx and then imports the module.
 * @param url of the compiled name, for example `new URL('./verify-worker.js', import.meta.url)`.
 */
export function startThread(url: URL, options: WorkerOptions = {}): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(url, options);
  const module = new URL(url.href.replace(/\.js$/, '.ts'));
  const program =
    `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};` +
    `register(); await import(${JSON.stringify(module.href)});`;
  const entry = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
  return new Worker(entry, { ...options, execArgv: ['--conditions=source', ...(options.execArgv ?? [])] });
}
