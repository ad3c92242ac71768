/**
 * What the first producers of a chain do by themselves: each registers its finalizer key, because the proof that it has the
 * private key cannot come from anybody else. Until then the contract takes no evidence about its votes.
 */
import {
  type BlsPrivateKey,
  blsProofOfPossession,
  blsPublicKeyOf,
  equalBytes,
  formatBlsPublicKey,
  formatBlsSignature,
} from '@snapscale/crypto';
import { getRow, tableId } from '@snapscale/execution';
import { type Action, formatName, type Name, name, names, type VotingProducer } from '@snapscale/protocol';
import { keyHolding, type OwnTransactions, sendActions } from '../own-transactions.js';
import { ownerOfFinalizerKey, systemAction } from './accusation.js';

const LOOK_MS = 2_000;
/** Looks before the node stops trying by itself: five minutes. */
const LOOKS_MAX = 150;
/** Looks between two complaints about the same. */
const COMPLAINT_LOOKS = 30;

/**
 * Registers the finalizer keys of those first producers whose keys this node has. Resolves when all are registered, when the
 * signal aborts, or, with a word to the operator, after some minutes.
 */
export async function registerFinalizers(
  context: OwnTransactions,
  firstProducers: readonly VotingProducer[],
  finalizerKeys: readonly BlsPrivateKey[],
  signal: AbortSignal,
): Promise<void> {
  let open = firstProducers.flatMap(({ name: account, finalizerKey }) => {
    const secret = finalizerKeys.find((key) => equalBytes(blsPublicKeyOf(key), finalizerKey));
    const isOwn = account !== names.eosio && context.producers.includes(account);
    return isOwn && secret !== undefined ? [{ account, secret }] : [];
  });
  for (let look = 0; look < LOOKS_MAX; look++) {
    open = open.filter(({ secret }) => ownerOfFinalizerKey(context.finalState(), blsPublicKeyOf(secret)) === undefined);
    if (open.length === 0 || signal.aborted) return;
    for (const finalizer of open) await register(context, finalizer, look % COMPLAINT_LOOKS === COMPLAINT_LOOKS - 1);
    await context.wait(LOOK_MS, signal);
  }
  const producers = open.map(({ account }) => formatName(account)).join(', ');
  const advice = 'send eosio::regfinkey with the producer’s active permission';
  context.notice('error', { producers }, `finalizer keys could not be registered by the node: ${advice}`);
}

type Finalizer = { readonly account: Name; readonly secret: BlsPrivateKey };

async function register(context: OwnTransactions, { account, secret }: Finalizer, complain: boolean): Promise<void> {
  const state = context.headState();
  const key = blsPublicKeyOf(secret);
  if (ownerOfFinalizerKey(state, key) !== undefined) return;
  const producer = formatName(account);
  const privateKey = keyHolding(context.keys, state, account, names.active);
  const isRegistered = getRow(state, tableId(names.eosio, names.eosio, name('producers')), account) !== undefined;
  if (!isRegistered || privateKey === undefined) {
    const problem = isRegistered ? 'no key of this node holds its active permission' : 'it is not registered yet';
    if (complain) context.notice('warn', { producer, problem }, 'the finalizer key is not registered');
    return;
  }
  const data = {
    finalizer_name: producer,
    finalizer_key: formatBlsPublicKey(key),
    proof_of_possession: formatBlsSignature(blsProofOfPossession(secret)),
  };
  const action: Action | undefined = systemAction(state, 'regfinkey', data, account, names.active);
  if (action === undefined) return;
  const rejection = await sendActions(context, [action], privateKey);
  if (rejection === undefined) context.notice('info', { producer }, 'the finalizer key is registered');
  else if (complain) context.notice('warn', { producer, ...rejection }, 'the finalizer key is not registered');
}
