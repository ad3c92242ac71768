/** Founding on a running node: until the first transactions are final, and at later starts what was left open. */
import { type PrivateKey, parsePrivateKey } from '@snapscale/crypto';
import type { Logger } from 'pino';
import type { CoreClient } from '../core/core-client.js';
import type { ChainFiles } from '../data-directory.js';
import type { CoreBackend } from '../node-backend.js';
import { expiresSec, waitFor } from '../own-transactions.js';
import type { ConsortiumFile } from './consortium-file.js';
import { completeConsortium, type Founding, foundChain } from './founding.js';
import type { FoundingContext } from './steps.js';

/** What founding needs of the node. */
export type FoundingNode = {
  readonly core: CoreClient;
  readonly backend: CoreBackend;
  readonly files: ChainFiles;
  readonly log: Logger;
};

/** A block with a founding transaction may be made until that expires, and becomes final soon, if at all. */
const FOUNDING_PATIENCE_MS = expiresSec * 1000 + 15_000;

/**
 * Makes the first transactions, and waits until they are final: what they did survives a kill only then. Those that expire
 * before that, because the others came late, or are in a block that loses, are made again; what is done already is left out.
 */
export async function found(node: FoundingNode, consortium: ConsortiumFile | undefined): Promise<Founding> {
  for (;;) {
    const { context, areFinal } = contextOf(node);
    const founding = await foundWithRetries(context, consortium);
    if (await isSoInTime(node.core, areFinal)) return founding;
    const seconds = FOUNDING_PATIENCE_MS / 1000;
    node.log.warn(
      `the first transactions are not final after ${seconds} s: are enough other producers running? Trying again`,
    );
  }
}

const LOOK_MS = 2_000;
/** Looks before the node stops trying by itself: five minutes. */
const LOOKS_MAX = 150;

/**
 * Enters what is missing of the consortium, until nothing is, the signal aborts, or, with a word to the operator, some minutes
 * have passed.
 */
export async function keepConsortium(
  node: FoundingNode,
  consortium: ConsortiumFile,
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown;
  for (let look = 0; look < LOOKS_MAX && !signal.aborted; look++) {
    const { context, areFinal } = contextOf(node);
    try {
      if (!(await completeConsortium(context, consortium))) return;
      node.log.info('what was missing of the consortium is entered on chain');
      if (await isSoInTime(node.core, areFinal)) return;
    } catch (error) {
      failure = error;
    }
    await waitFor(LOOK_MS, signal);
  }
  if (!signal.aborted)
    node.log.error({ err: failure }, 'the consortium of consortium.json could not be entered on chain');
}

/** `areFinal`: whether everything that was sent with this context is. */
function contextOf({ core, backend, files }: FoundingNode) {
  const sent: Uint8Array[] = [];
  const areFinal = () => sent.every((id) => backend.transactionStatus(id).state === 'IRREVERSIBLE');
  const context: FoundingContext = {
    genesis: files.genesis,
    privateKey: foundingKey(files),
    development: files.development,
    headId: () => core.final.id,
    state: () => core.view,
    nowMs: Date.now,
    ...(files.genesis.producers.length > 1 ? { settled: () => isSoInTime(core, areFinal) } : {}),
    submit: async (packed) => {
      const outcome = await backend.submit(packed, 'push');
      if (outcome.kind === 'busy') return { code: 'snap_queue_full', message: 'the queue is full' };
      // One that failed is tried again, and never becomes final itself.
      if (outcome.kind === 'executed' && outcome.except === undefined) sent.push(outcome.trace.id);
      return outcome.kind === 'rejected' ? outcome.rejection : outcome.except;
    },
  };
  return { context, areFinal };
}

function foundingKey({ keys }: ChainFiles): PrivateKey {
  return parsePrivateKey(keys.foundingKey ?? keys.producerKeys[0]!);
}

/** A block that is lost can take a step with it, on which the next ones depend: what is missing is done again. */
async function foundWithRetries(context: FoundingContext, consortium: ConsortiumFile | undefined): Promise<Founding> {
  for (let tries = 1; ; tries++) {
    try {
      return await foundChain(context, consortium);
    } catch (error) {
      if (tries === FOUNDING_TRIES) throw error;
    }
  }
}

/** Each takes seconds for the step that is refused. */
const FOUNDING_TRIES = 6;

/** Resolves when the condition holds, which is looked at with each block that becomes final. False: it does not in time. */
function isSoInTime(core: CoreClient, condition: () => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isSo: boolean): void => {
      stopListening();
      clearTimeout(timer);
      resolve(isSo);
    };
    const look = (): void => {
      if (condition()) end(true);
    };
    const stopListening = core.listen({ finalized: look });
    const timer = setTimeout(() => end(condition()), FOUNDING_PATIENCE_MS);
    look();
  });
}
