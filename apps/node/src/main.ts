/** The node's program: command line, start, first-run text, signals. */
import { fileURLToPath } from 'node:url';
import { parseConfig, UsageError, usage } from './config.js';
import { DEVELOPMENT_PRIVATE_KEY } from './data-directory.js';
import { createLog } from './log.js';
import { type RunningNode, startNode } from './node.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A stop that takes longer than this is given up, milliseconds. */
const STOP_TIMEOUT_MS = 10_000;

async function main(): Promise<void> {
  const config = parseConfig(process.argv.slice(2), root);
  if (config === undefined) {
    process.stdout.write(usage);
    return;
  }
  const log = createLog(config.logLevel);
  await withParent();
  const node = await startNode(config, log, (error) => {
    log.fatal({ err: error }, 'the core has died; what is final is safe, start the node again');
    process.exit(1);
  });
  // A launcher has words of its own.
  if (process.send === undefined) process.stdout.write(welcome(node, config.dataDir));
  process.off('disconnect', orphaned);
  tellParent({ kind: 'ready', url: node.url, peerPort: node.network?.port ?? 0 });
  obeyParent(node);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(node));
}

/**
 * Whoever has started this program and dies before it is ready cannot know of it; his successor starts another one on the same
 * directory. One that is ready outlives him, and holds the lock by which it is found.
 */
async function withParent(): Promise<void> {
  if (process.send === undefined) return;
  process.once('disconnect', orphaned);
  // He may have died while this program was being loaded: that is heard of by now, or was before.
  await new Promise((resolve) => setImmediate(resolve));
  if (!process.connected) orphaned();
}

function orphaned(): void {
  process.stderr.write('Whoever started this node has ended before it was ready: it ends, too.\n');
  process.exit(1);
}

/** What a program that has started this one over an IPC channel hears of it. */
type ToParent =
  | { readonly kind: 'ready'; readonly url: string; readonly peerPort: number }
  | { readonly kind: 'failed'; readonly message: string };

/** What it may ask for: not to talk with these nodes, in place of what it asked for before. */
type FromParent = { readonly kind: 'isolate'; readonly nodes: readonly string[] };

function tellParent(message: ToParent): void {
  // A parent that has gone is no reason to fail.
  process.send?.(message, undefined, {}, () => {});
}

function obeyParent(node: RunningNode): void {
  process.on('message', (message: FromParent) => {
    if (message.kind === 'isolate') node.network?.isolate(message.nodes);
  });
  process.channel?.unref();
}

let isStopping = false;

function stop(node: RunningNode): void {
  if (isStopping) return;
  isStopping = true;
  process.stdout.write('\nStopping: finishing the block under construction …\n');
  setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
  node.stop().then(
    () => {
      process.stdout.write(`Stopped at block ${node.core.final.num}; everything is stored.\n`);
      process.exit(0);
    },
    (error) => {
      process.stderr.write(`Stopping failed: ${error instanceof Error ? error.stack : error}\n`);
      process.exit(1);
    },
  );
}

function welcome(node: RunningNode, dataDir: string): string {
  const url = node.url.replace('127.0.0.1', 'localhost');
  const lines = [
    '',
    `SnapScale is running at ${url}`,
    `  status and links   ${url}/`,
    `  every endpoint     ${url}/docs`,
    `  data               ${dataDir}`,
    '',
  ];
  if (node.development) {
    lines.push(
      `  accounts           eosio, alice, bob`,
      `  private key        ${DEVELOPMENT_PRIVATE_KEY}`,
      ...(node.founding?.transfer === undefined ? [] : [`  first transfer     ${node.founding.transfer}`]),
      '',
      'WARNING: a development network. Its key is known to everybody; keep nothing of value here.',
      '',
      'Try:  npx snapscale transfer alice bob "5.0000 XST"',
    );
  } else {
    lines.push(`  keys               ${dataDir}/keys.json (readable by you alone; make a copy in a safe place)`);
  }
  lines.push('Stop with Ctrl-C; the next start resumes.', '');
  return `${lines.join('\n')}\n`;
}

main().catch((error) => {
  const text =
    error instanceof UsageError ? `${error.message}\n\n${usage}` : `SnapScale could not start: ${describe(error)}\n`;
  process.stderr.write(text);
  if (process.send === undefined) process.exit(1);
  process.send({ kind: 'failed', message: describe(error) } satisfies ToParent, undefined, {}, () => process.exit(1));
});

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
