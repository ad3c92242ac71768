/** How members cheat. Each conduct is of a whole host: the replica in it is the honest one, what leaves it is not. */
import { type Chance, fakeBlockSignature, fakeVoteSignature } from '@snapscale/consensus/testing';
import { sha256, toHex } from '@snapscale/crypto';
import {
  blockDigest,
  blockId,
  formatName,
  type QuorumCertificate,
  type SignedBlock,
  voteDigest,
} from '@snapscale/protocol';
import type { Packet } from './network.js';
import type { Conduct, SimulatedNode } from './node.js';

/** Sends each peer its own version of its blocks; all but one cannot be executed. */
export function equivocator(chance: Chance, peers: readonly number[]): Conduct {
  return {
    outgoing(node, packet) {
      if (!isOwnBlock(node, packet) || !chance.percent(40)) return [{ packet }];
      return peers.map((to) => ({ packet: chance.percent(50) ? packet : changedBlock(node, packet.block, to), to }));
    },
  };
}

/** Some of its blocks cannot be executed. */
export function invalidProducer(chance: Chance): Conduct {
  return {
    outgoing(node, packet) {
      if (!isOwnBlock(node, packet) || !chance.percent(30)) return [{ packet }];
      return [{ packet: changedBlock(node, packet.block, 0) }];
    },
  };
}

/** Votes, in both phases, for every block that it hears of. */
export function doubleVoter(chainId: Uint8Array): Conduct {
  const voted = new Set<string>();
  return {
    outgoing: (_, packet) => [{ packet }],
    incoming(node, packet) {
      if (packet.kind !== 'block') return;
      const { header } = packet.block;
      const id = blockId(header);
      if (voted.has(toHex(id))) return;
      voted.add(toHex(id));
      const finalizerKey = node.keys.finalizer;
      for (const phase of [0, 1] as const) {
        const subject = { phase, slot: header.slot, blockId: id };
        const signature = fakeVoteSignature(finalizerKey, voteDigest(chainId, subject));
        node.send({ kind: 'vote', vote: { ...subject, finalizerKey, signature } }, undefined, 0);
      }
    },
  };
}

/** Votes for everything, tells nobody what came of it, and makes no blocks: whoever forgets a certificate will not hear of it again. */
export function saboteur(chainId: Uint8Array): Conduct {
  const voter = doubleVoter(chainId);
  return {
    ...voter,
    outgoing: (node, packet) =>
      packet.kind === 'certificate' || isOwnBlock(node, packet) ? [] : voter.outgoing(node, packet),
  };
}

/** Takes part in everything, but keeps its votes and all certificates to itself. */
export const withholder: Conduct = {
  outgoing: (_, packet) => (packet.kind === 'vote' || packet.kind === 'certificate' ? [] : [{ packet }]),
};

/** Sends certificates again and again, the oldest first, and some that it made up. */
export function forger(chance: Chance): Conduct {
  const seen: QuorumCertificate[] = [];
  return {
    outgoing(_, packet) {
      if (packet.kind !== 'certificate') return [{ packet }];
      if (seen.length < 50) seen.push(packet.certificate);
      const stale: Packet = { kind: 'certificate', certificate: chance.pick(seen) };
      const { certificate } = packet;
      const forged = { ...certificate, phase: 1 as const, signature: certificate.signature.slice() };
      forged.signature[0]! ^= 1;
      return [
        { packet },
        { packet: stale },
        { packet: { kind: 'certificate', certificate: forged as QuorumCertificate } },
      ];
    },
  };
}

function isOwnBlock(node: SimulatedNode, packet: Packet): packet is Extract<Packet, { kind: 'block' }> {
  return packet.kind === 'block' && formatName(packet.block.header.producer) === node.account;
}

/** The same block with another root of actions, properly signed: its header is right, its content is not. */
function changedBlock(node: SimulatedNode, block: SignedBlock, salt: number): Packet {
  const header = { ...block.header, actionMroot: sha256(Uint8Array.of(salt, block.header.slot & 255)) };
  const producerSignature = fakeBlockSignature(node.keys.block, blockDigest(header));
  return { kind: 'block', block: { ...block, header, producerSignature } };
}
