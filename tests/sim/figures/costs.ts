/** What a node's work costs here, measured in CPU time, so that other work on the machine does not show. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  blsPublicKeyOf,
  generateBlsPrivateKey,
  privateKeyFromBytes,
  recoverPublicKey,
  sha256,
  sign,
} from '@snapscale/crypto';
import { loadBlsSigning } from '../../../apps/node/src/verify/bls-signatures.js';
import { loadSignatureRecovery } from '../../../apps/node/src/verify/signature-recovery.js';
import { quantile } from '../../bench/report.js';

/** In milliseconds. */
export type Costs = {
  readonly signVote: number;
  /** To aggregate and verify votes: a part that is there once, and one for each vote. */
  readonly verifyVotes: number;
  readonly verifyVote: number;
  readonly signBlock: number;
  readonly recoverKey: number;
  /** Of a journal entry; wall time. */
  readonly flush: number;
  /** Transfers in a block, and what executing them takes, by the figures of `npm run bench -- execution`. */
  readonly transfers: number;
  readonly execute: number;
};

/** Transfers that one core executes in a second over LMDB: docs/guides/benchmarks.md. */
const TRANSFERS_PER_SECOND = 10_562;
const TRANSFERS_PER_BLOCK = 500;
const ROUNDS = 25;

export function measureCosts(): Costs {
  const bls = loadBlsSigning();
  const { port } = loadSignatureRecovery();
  const digest = sha256(Uint8Array.of(1));
  const secrets = Array.from({ length: 21 }, (_, i) => generateBlsPrivateKey(new Uint8Array(48).fill(i + 1)));
  const keys = secrets.map(blsPublicKeyOf);
  const votes = secrets.map((secret) => bls.sign(secret, digest));
  const verify = (count: number) => () => {
    const aggregate = bls.verifyAggregate(keys.slice(0, count), votes.slice(0, count), digest);
    if (aggregate === undefined) throw new Error(`${count} right votes are taken for wrong: ${bls.description}`);
  };
  const [one, all] = [cpuMs(verify(1)), cpuMs(verify(21))];
  const verifyVote = (all - one) / 20;
  const blockKey = privateKeyFromBytes('K1', sha256(Uint8Array.of(2)));
  const blockSignature = sign(blockKey, digest);
  return {
    signVote: cpuMs(() => bls.sign(secrets[0]!, digest)),
    verifyVotes: Math.max(0, one - verifyVote),
    verifyVote,
    signBlock: cpuMs(() => sign(blockKey, digest)),
    recoverKey: cpuMs(() => recoverPublicKey(blockSignature, digest, port)),
    flush: flushMs(),
    transfers: TRANSFERS_PER_BLOCK,
    execute: (TRANSFERS_PER_BLOCK / TRANSFERS_PER_SECOND) * 1000,
  };
}

/** Median CPU time of a call. */
function cpuMs(call: () => void): number {
  for (let i = 0; i < 5; i++) call();
  const times = Array.from({ length: ROUNDS }, () => {
    const began = process.cpuUsage();
    for (let i = 0; i < 4; i++) call();
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 4000;
  });
  return quantile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

/** Median time to write a page and make it durable. */
function flushMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'snapscale-sim-'));
  const file = openSync(join(folder, 'journal'), 'w');
  const page = new Uint8Array(4096);
  const times = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  rmSync(folder, { recursive: true });
  return quantile(
    times.sort((a, b) => a - b),
    0.5,
  );
}
