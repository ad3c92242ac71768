import { equalBytes, merkleProof } from '@snapscale/crypto';
import { type BlockHeader, blockId, type Name, type QuorumCertificate } from '@snapscale/protocol';
import { describe, expect, it } from 'vitest';
import { Cluster, makeSchedule } from '../testing/cluster.js';
import { fakeVerify } from '../testing/fake-signatures.js';
import {
  finalCountOf,
  finalHeaderProblem,
  followSchedule,
  genesisTrust,
  isProvenFinal,
  type LightTrust,
  trustProblem,
} from './light-client.js';
import { followSteps } from './light-update.js';

const names = ['alice', 'bob', 'carol', 'dave', 'erin'];

/** A chain with a change of the schedule in slot 48, and the commit certificate of each of its blocks. */
function madeChain() {
  const certificates: QuorumCertificate[] = [];
  const cluster = new Cluster({
    names,
    scheduled: names.slice(0, 4),
    onEffect: (node, effect) => {
      if (node.options.label === 'bob' && effect.kind === 'finalized') certificates.push(effect.certificate);
    },
  });
  cluster.slot(1);
  cluster.node('alice').nextProposal = makeSchedule(1, names.slice(1));
  for (let slot = 2; slot <= 60; slot++) cluster.slot(slot);
  const headers = [...cluster.node('bob').blocks.values()].map(({ header }) => header);
  headers.sort((a, b) => a.slot - b.slot);
  const chainId = cluster.node('bob').options.chainId;
  const ports = {
    chainId,
    verify: (...[keys, digest, signature]: Parameters<Verify>) => fakeVerify(digest, keys, [signature]) !== undefined,
  };
  const certificateOf = (header: BlockHeader) =>
    certificates.find(({ blockId: id }) => equalBytes(id, blockId(header)))!;
  const genesis = cluster.root.header;
  const trust: LightTrust = { schedule: makeSchedule(0, names.slice(0, 4)), previous: undefined };
  return { ports, headers, certificateOf, trust, genesis };
}

type Verify = (
  keys: Parameters<typeof fakeVerify>[1],
  digest: Uint8Array,
  signature: Parameters<typeof fakeVerify>[2][number],
) => boolean;

const { ports, headers, certificateOf, trust, genesis } = madeChain();
const at = (slot: number) => headers.find((header) => header.slot === slot)!;

describe('FIN-15 a light client', () => {
  it('accepts a header with a certificate by the schedule that it trusts', () => {
    expect(finalHeaderProblem(ports, trust, at(20), certificateOf(at(20)))).toBeUndefined();
  });

  it('refuses a certificate for another block, of the other phase, by too few, or forged', () => {
    const good = certificateOf(at(20));
    const refused = (certificate: QuorumCertificate) => finalHeaderProblem(ports, trust, at(20), certificate)?.message;
    expect(refused(certificateOf(at(21)))).toMatch(/another block/);
    expect(refused({ ...good, phase: 0 })).toMatch(/commit phase/);
    expect(refused({ ...good, slot: 21 })).toMatch(/slot 21/);
    expect(refused({ ...good, signers: Uint8Array.of(0b0011) })).toMatch(/2 of 4/);
    expect(refused({ ...good, signers: Uint8Array.of(0b11111) })).toMatch(/bitmap/);
    expect(refused({ ...good, signers: Uint8Array.of(good.signers[0]! ^ 0b1111 || 7) })).toBeDefined();
    expect(refused({ ...good, signature: certificateOf(at(21)).signature })).toMatch(/not valid/);
  });

  it('follows a change of the schedule with the votes of both, and not without', () => {
    const next = followSchedule(ports, trust, [at(48)], certificateOf(at(48)));
    expect(next).toEqual({ schedule: makeSchedule(1, names.slice(1)), previous: trust.schedule });
    expect(followSchedule(ports, trust, [at(48), at(49)], certificateOf(at(49)))).toEqual(next);
    expect(finalHeaderProblem(ports, next as LightTrust, at(60), certificateOf(at(60)))).toBeUndefined();
    expect(finalHeaderProblem(ports, next as LightTrust, at(49), certificateOf(at(49)))).toBeUndefined();
    const message = (result: unknown) => (result as { message?: string }).message;
    expect(message(followSchedule(ports, trust, [], certificateOf(at(48))))).toMatch(/0 headers/);
    expect(message(followSchedule(ports, trust, [at(47)], certificateOf(at(47))))).toMatch(/no schedule/);
    expect(message(followSchedule(ports, trust, [at(48), at(50)], certificateOf(at(50))))).toMatch(/does not follow/);
    const all = Array.from({ length: 13 }, (_, i) => at(48 + i));
    expect(message(followSchedule(ports, trust, all, certificateOf(at(60))))).toMatch(/does not vote/);
    expect(message(followSchedule(ports, next as LightTrust, [at(48)], certificateOf(at(48))))).toMatch(/version/);
    expect(message(finalHeaderProblem(ports, trust, at(60), certificateOf(at(60))))).toMatch(/schedule 1/);
    const unsure = { ...(next as LightTrust), previous: undefined };
    expect(message(finalHeaderProblem(ports, unsure, at(48), certificateOf(at(48))))).toMatch(/not known/);
  });

  it('follows a list of steps, passes over those that it knows, and says which one does not hold', () => {
    const step = { headers: [at(48)], certificate: certificateOf(at(48)) };
    const next = followSteps(ports, trust, [step]) as LightTrust;
    expect(next.schedule.version).toBe(1);
    expect(followSteps(ports, next, [step, step])).toBe(next);
    expect(followSteps(ports, trust, [])).toBe(trust);
    const message = (result: unknown) => (result as { message?: string }).message;
    const forged = { ...step, certificate: certificateOf(at(50)) };
    expect(message(followSteps(ports, trust, [forged]))).toMatch(
      /step from schedule 0 to 1 does not hold.*another block/,
    );
    expect(message(followSteps(ports, next, [{ ...step, headers: [] }]))).toMatch(/0 headers/);
  });

  it('does not begin with a schedule by which a key counts twice, or nobody votes', () => {
    const { producers } = trust.schedule;
    expect(trustProblem(genesisTrust({ producers }))).toBeUndefined();
    expect(genesisTrust({ producers })).toEqual(trust);
    expect(trustProblem(genesisTrust({ producers: [] }))).toMatch(/no producers/);
    const twin = { ...producers[0]!, name: (producers[1]!.name + 1n) as Name };
    expect(trustProblem(genesisTrust({ producers: [...producers, twin] }))).toMatch(/one finalizer key/);
    const next = makeSchedule(1, names.slice(1));
    expect(trustProblem({ schedule: next, previous: trust.schedule })).toBeUndefined();
    expect(trustProblem({ schedule: makeSchedule(3, names), previous: trust.schedule })).toMatch(/version/);
    expect(trustProblem({ schedule: next, previous: { version: 0, producers: [] } })).toMatch(/no producers/);
  });

  it('FIN-11 knows how many blocks a header shows as final', () => {
    expect(finalCountOf(at(60))).toBe(headers.indexOf(at(60)) + 1);
    expect(finalCountOf({ ...at(60), headerExtensions: [] })).toBeUndefined();
    const malformed = at(60).headerExtensions.map(({ type }) => ({ type, data: Uint8Array.of(9) }));
    expect(finalCountOf({ ...at(60), headerExtensions: malformed })).toBeUndefined();
  });

  it('FIN-11 knows each older block by one header', () => {
    const ids = [genesis, ...headers].map((header) => blockId(header));
    // Block n is leaf n − 1; the header of slot 60 shows the block before it as final.
    const final = ids.slice(0, -1);
    for (const index of [0, 1, 30, final.length - 1]) {
      const proof = merkleProof(final, index);
      expect(isProvenFinal(at(60), final[index]!, proof)).toBe(true);
      expect(isProvenFinal(at(59), final[index]!, proof)).toBe(false);
      expect(isProvenFinal(at(60), final[(index + 1) % final.length]!, proof)).toBe(false);
    }
    expect(isProvenFinal(at(60), ids.at(-1)!, merkleProof(ids, ids.length - 1))).toBe(false);
    expect(isProvenFinal({ ...at(60), headerExtensions: [] }, final[0]!, merkleProof(final, 0))).toBe(false);
  });
});
