/** Block 1: it carries no transactions, and its action root is the chain id, as on Antelope. Nobody signs it. */
import type { Signature } from '@snapscale/crypto';
import { chainIdOf, type Genesis, names, type SignedBlock } from '@snapscale/protocol';

const SIGNATURE_BYTES = 66;

export function genesisBlock(genesis: Genesis): SignedBlock {
  return {
    header: {
      slot: genesis.initialSlot,
      producer: names.empty,
      confirmed: 0,
      previous: new Uint8Array(32),
      transactionMroot: new Uint8Array(32),
      actionMroot: chainIdOf(genesis),
      scheduleVersion: 0,
      newProducers: undefined,
      headerExtensions: [],
    },
    producerSignature: new Uint8Array(SIGNATURE_BYTES) as Signature,
    transactions: [],
    blockExtensions: [],
  };
}
