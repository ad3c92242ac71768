/** A chain with a founded consortium of four organisations, for tests of commands. */
import { ContractTest, systemContract } from '@snapscale/contracts/testing';
import type { JsonObject } from '@snapscale/protocol';

/** The organisations. */
export const founders = ['north', 'east', 'south', 'west'] as const;

const scope = ['auditor', 'ca.operator', 'client', 'device', 'edge', 'observer', 'producer'];
const parameters = {
  reads: 0,
  approval_numerator: 2,
  approval_denominator: 3,
  proposal_life_sec: 604_800,
  application_life_sec: 2_592_000,
  overlap_sec: 604_800,
  keep_expired_sec: 86_400,
  keep_decided_sec: 31_622_400,
};

/** A moment so many days from now, as contracts' JSON has it. */
export function daysFromNow(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19);
}

/** Bytes that have the outer form of a certificate, as hex. */
export function derForm(label: string, size = 300): string {
  const bytes = Buffer.alloc(size, label);
  bytes.set([0x30, 0x82, (size - 4) >> 8, (size - 4) & 0xff]);
  return bytes.toString('hex');
}

/** The chain, at the present time. @param issuers certificates (DER in hex) of organisations that have real ones */
export async function consortiumChain(issuers: Readonly<Record<string, string>> = {}): Promise<ContractTest> {
  const time = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().slice(0, 23);
  const chain = await ContractTest.start({ time, accounts: ['snap.ca', ...founders, 'alice', 'echo'] });
  chain.deploy('snap.ca', systemContract('snap.ca'));
  const founding: JsonObject = {
    founders: founders.map((organisation) => ({
      organisation,
      title: `${organisation} Ltd`,
      terms: { quota: 100, weight: 1, valid_until: daysFromNow(730), scope },
      issuer: { certificate: issuers[organisation] ?? derForm(organisation), not_after: daysFromNow(1000) },
    })),
    roots: [{ certificate: issuers.root ?? derForm('root'), not_after: daysFromNow(3000) }],
    parameters,
  };
  chain.push('snap.ca', 'init', 'snap.ca', founding);
  return chain;
}
