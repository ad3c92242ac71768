/** How members cheat. Each conduct is of a whole host: the replica in it is the honest one, what leaves it is not. */
import { type Chance, fakeBlockSignature, fakeVoteSignature } from '@snapscale/consensus/testing';
import { type BlsSignature, sha256, toHex } from '@snapscale/crypto';
import {
  type BlockHeader,
  blockDigest,
  blockId,
  formatName,
  type Name,
  type QuorumCertificate,
  type SignedBlock,
  type Vote,
  voteDigest,
} from '@snapscale/protocol';
import type { SimulatedGenesis } from './genesis.js';
import type { Packet } from './network.js';
import type { Conduct, SimulatedNode } from './node.js';

type BlockPacket = Extract<Packet, { readonly kind: 'block' }>;
type VotePacket = Extract<Packet, { readonly kind: 'vote' }>;

/** A cheat tells of each slot for which it has sent two blocks: others have to notice. */
export type DoubleSlot = (node: SimulatedNode, slot: number) => void;

/**
 * Sends each peer its own version of its blocks; all but one cannot be executed.
 * @param watchers peers that pass on what they get, so that all of them have to notice if they get different ones.
 */
export function equivocator(
  chance: Chance,
  peers: readonly number[],
  watchers: ReadonlySet<number>,
  onDouble: DoubleSlot,
): Conduct {
  return {
    isReckless: true,
    outgoing(node, packet) {
      if (!isOwnBlock(node, packet) || !chance.percent(40)) return [{ packet }];
      const { block } = packet;
      const versions = peers.map((to) => ({ packet: chance.percent(50) ? packet : changedBlock(node, block, to), to }));
      const seen = new Set(versions.filter(({ to }) => watchers.has(to)).map((version) => version.packet));
      if (seen.size > 1) onDouble(node, block.header.slot);
      return versions;
    },
  };
}

/** Makes two versions of its blocks, sends both to everybody, one a little later, and votes for both in both phases. */
export function doubleDealer(chainId: Uint8Array, onDouble: DoubleSlot): Conduct {
  return {
    isReckless: true,
    outgoing(node, packet) {
      if (!isOwnBlock(node, packet)) return [{ packet }];
      const second = changedBlock(node, packet.block, 1);
      onDouble(node, packet.block.header.slot);
      const votes = [packet, second].flatMap(({ block }) => votesFor(chainId, node, block));
      return [{ packet }, ...[second, ...votes].map((other) => ({ packet: other, afterMs: 20 }))];
    },
  };
}

/** Some of its blocks cannot be executed. */
export function invalidProducer(chance: Chance): Conduct {
  return {
    isReckless: true,
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
    isReckless: true,
    outgoing: (_, packet) => [{ packet }],
    incoming(node, packet) {
      if (packet.kind !== 'block') return;
      const key = toHex(blockId(packet.block.header));
      if (voted.has(key)) return;
      voted.add(key);
      for (const vote of votesFor(chainId, node, packet.block)) node.send(vote, undefined, 0);
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

/** Tells each of its blocks, votes and certificates to some peers only, the others hear of it seconds later, or never. */
export function selective(chance: Chance, peers: readonly number[]): Conduct {
  return {
    outgoing(node, packet) {
      if (packet.kind === 'request' || packet.kind === 'transactions') return [{ packet }];
      if (packet.kind === 'block' && !isOwnBlock(node, packet)) return [{ packet }];
      return peers.flatMap((to) => {
        if (chance.percent(50)) return [{ packet, to }];
        return chance.percent(50) ? [{ packet, to, afterMs: chance.below(5_000) }] : [];
      });
    },
  };
}

/** Holds its blocks back until its turn is nearly over, or long after, and then sends them all at once. */
export function hoarder(chance: Chance): Conduct {
  const held: Packet[] = [];
  let isFull = false;
  return {
    outgoing(node, packet) {
      if (!isOwnBlock(node, packet)) return [{ packet }];
      held.push(packet);
      isFull ||= chance.percent(10);
      if (!isFull) return [];
      isFull = false;
      return held.splice(0).map((block) => ({ packet: block, afterMs: chance.pick([0, 700, 4_000]) }));
    },
  };
}

/** Sends certificates again and again, the oldest first, and some that it made up: of the other phase, or too weak. */
export function forger(chance: Chance): Conduct {
  const seen: QuorumCertificate[] = [];
  return {
    outgoing(_, packet) {
      if (packet.kind !== 'certificate') return [{ packet }];
      if (seen.length < 50) seen.push(packet.certificate);
      const { certificate } = packet;
      const signature = certificate.signature.slice() as BlsSignature;
      signature[0]! ^= 1;
      const signers = certificate.signers.map((bits) => bits & (bits - 1));
      const forged: readonly QuorumCertificate[] = [
        chance.pick(seen),
        { ...certificate, phase: 1, signature },
        { ...certificate, signers },
      ];
      return [{ packet }, ...forged.map((other) => ({ packet: { kind: 'certificate', certificate: other } as const }))];
    },
  };
}

/** With each of its votes it sends votes in the name of others, for blocks that nobody knows, and blocks whose headers are wrong. */
export function babbler(genesis: SimulatedGenesis, chance: Chance): Conduct {
  return {
    outgoing(node, packet) {
      if (isOwnBlock(node, packet))
        return [{ packet }, ...wrongHeaders(node, packet.block).map((p) => ({ packet: p }))];
      if (packet.kind !== 'vote') return [{ packet }];
      const { vote } = packet;
      const { finalizer } = genesis.keys(chance.pick(genesis.members));
      const blockId = sha256(Uint8Array.of(chance.below(256), chance.below(256)));
      const votes: readonly Vote[] = [
        { ...vote, finalizerKey: finalizer },
        { ...vote, blockId },
        { ...vote, slot: vote.slot + chance.below(20) - 10 },
        { ...vote, phase: vote.phase === 0 ? 1 : 0 },
      ];
      return [{ packet }, ...votes.map((other) => ({ packet: { kind: 'vote', vote: other } as const }))];
    },
  };
}

/** Votes of a node for a block, in both phases. */
function votesFor(chainId: Uint8Array, { keys }: SimulatedNode, { header }: SignedBlock): VotePacket[] {
  const finalizerKey = keys.finalizer;
  return ([0, 1] as const).map((phase) => {
    const subject = { phase, slot: header.slot, blockId: blockId(header) };
    const signature = fakeVoteSignature(finalizerKey, voteDigest(chainId, subject));
    return { kind: 'vote', vote: { ...subject, finalizerKey, signature } };
  });
}

/** Blocks of the future, of the past, of another schedule, without finality, without a parent, and in the name of nobody. */
function wrongHeaders(node: SimulatedNode, block: SignedBlock): BlockPacket[] {
  const { header } = block;
  return [
    { slot: header.slot + 7 },
    { slot: header.slot - 1 },
    { scheduleVersion: header.scheduleVersion + 1 },
    { headerExtensions: [] },
    { previous: sha256(header.previous) },
    { producer: 1n as Name },
  ].map((change) => signed(node, block, { ...header, ...change }));
}

function isOwnBlock(node: SimulatedNode, packet: Packet): packet is BlockPacket {
  return packet.kind === 'block' && formatName(packet.block.header.producer) === node.account;
}

/** The same block with another root of actions, properly signed: its header is right, its content is not. */
function changedBlock(node: SimulatedNode, block: SignedBlock, salt: number): BlockPacket {
  const { header } = block;
  return signed(node, block, { ...header, actionMroot: sha256(Uint8Array.of(salt, header.slot & 255)) });
}

function signed(node: SimulatedNode, block: SignedBlock, header: BlockHeader): BlockPacket {
  const producerSignature = fakeBlockSignature(node.keys.block, blockDigest(header));
  return { kind: 'block', block: { ...block, header, producerSignature } };
}
