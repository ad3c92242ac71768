/** From a chain that changes its schedule, over HTTP, to a verdict without a node; and every lie on the way. */
import { type ApiClient, type ChainProof, createApiClient, type Fetch, routes, violations } from '@snapscale/api';
import { blsAggregate, blsSign, fromHex, generateBlsPrivateKey, sha512, toHex } from '@snapscale/crypto';
import {
  blockHeaderSchema,
  decode,
  encode,
  name,
  type QuorumCertificate,
  quorumCertificateSchema,
  signersOf,
  voteDigest,
} from '@snapscale/protocol';
import {
  type ChainProofVerdict,
  getChainProof,
  readTrust,
  type Trust,
  trustChainId,
  trustCheckpoint,
  trustGenesis,
  verifyChainProof,
} from '@snapscale/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpServer } from '../../apps/node/src/http/server/http-server.js';
import { LightChain } from '../../apps/node/src/light/light-chain.js';
import {
  fakeAggregate,
  members,
  SimulatedBackend,
  type SimulatedChain,
  simulatedChain,
  XST,
} from './simulated-chain.js';

const rowOf = (scope: string) =>
  ({ kind: 'row', code: 'eosio.token', scope, table: 'accounts', primaryKey: 'XST' }) as const;

let chain: SimulatedChain;
let backend: SimulatedBackend;
let api: ApiClient;
let close: () => Promise<void>;
let genesis: Trust;
/** A proof of each kind, by kind. */
const proofs: Record<string, ChainProof> = {};

const verify = (proof: unknown, trust: Trust = genesis) =>
  verifyChainProof(proof, trust, { verifyAggregate: fakeAggregate });
const reason = (verdict: ChainProofVerdict) => (verdict.valid ? 'valid' : verdict.reason);

/** Verifying takes so long that the server may close a connection that is kept for the next request, just when that comes. */
const fetchTwice: Fetch = async (url, init) => {
  try {
    return await (fetch as Fetch)(url, init);
  } catch {
    return (fetch as Fetch)(url, init);
  }
};

beforeAll(async () => {
  chain = simulatedChain();
  backend = new SimulatedBackend(chain);
  const server = await startHttpServer(backend, { port: 0, waitingMax: 3 });
  close = () => server.close();
  api = createApiClient({ url: server.url, fetch: fetchTwice });
  genesis = trustGenesis(chain.genesis);
  const early = toHex(chain.transfers[0]!);
  const late = toHex(chain.transfers.at(-8)!);
  proofs.block = await getChainProof(api, { kind: 'block', block: '2' });
  proofs.transaction = await getChainProof(api, { kind: 'transaction', id: early });
  proofs.late = await getChainProof(api, { kind: 'transaction', id: late.slice(0, 12) });
  proofs.action = await getChainProof(api, { kind: 'action', id: early, ordinal: 2 });
  proofs.row = await getChainProof(api, rowOf('bob'));
  proofs.absence = await getChainProof(api, rowOf('nobody'));
});
afterAll(() => close?.());

describe('FIN-15 proofs of what is final', () => {
  it('lead from the genesis over two changes of the schedule to blocks, transactions, actions and rows', () => {
    expect(proofs.block!.steps).toHaveLength(2);
    for (const [kind, proof] of Object.entries(proofs)) expect(reason(verify(proof)), kind).toBe('valid');
    expect(verify(proofs.block)).toMatchObject({ block: { num: 2 }, content: { kind: 'block' } });
    expect(verify(proofs.transaction)).toMatchObject({
      chainId: toHex(chain.chainId),
      anchor: { signers: expect.any(Number) },
      content: {
        kind: 'transaction',
        id: toHex(chain.transfers[0]!),
        status: 'executed',
        actions: [{ account: 'eosio.token', name: 'transfer' }],
      },
      checkpoint: { schedule: { version: 2 }, previous_schedule: { version: 1 } },
    });
    const action = { account: 'eosio.token', name: 'transfer' };
    expect(verify(proofs.action)).toMatchObject({ content: { kind: 'action', action } });
    const place = { code: 'eosio.token', scope: 'bob', table: 'accounts', primaryKey: String(XST) };
    expect(verify(proofs.row)).toMatchObject({ content: { kind: 'entry', row: { ...place, payer: 'bob' } } });
    expect(verify(proofs.absence)).toMatchObject({ content: { value: undefined, row: { scope: 'nobody' } } });
  });

  it('need nothing but the chain id, since they bring the genesis along', () => {
    const id = trustChainId(toHex(chain.chainId));
    expect(reason(verify(proofs.row, id))).toBe('valid');
    expect(reason(verify({ ...proofs.row, genesis: undefined }, id))).toMatch(/does not bring the genesis/);
    const other = `${proofs.row!.genesis!.slice(0, -2)}${proofs.row!.genesis!.endsWith('00') ? '01' : '00'}`;
    expect(reason(verify({ ...proofs.row, genesis: other }, id))).toMatch(/genesis (is that of chain|cannot be read)/);
  });

  it('give a checkpoint, from which later proofs are shorter', async () => {
    const verdict = verify(proofs.row);
    if (!verdict.valid) throw new Error(verdict.reason);
    const trust = readTrust(JSON.stringify(verdict.checkpoint));
    const short = await getChainProof(api, { kind: 'block', block: '9' }, 2);
    expect(short.steps).toEqual([]);
    expect(short.genesis).toBeUndefined();
    expect(reason(verify(short, trust))).toBe('valid');
    expect(reason(verify(short))).toMatch(/does not lead from schedule 0, which is trusted, to schedule 2/);
    // Steps to what is trusted already do no harm.
    expect(reason(verify(proofs.row, trust))).toBe('valid');
  });

  it('verify with real signatures of the keys of the schedule, and by default with nothing else', () => {
    const proof = reSigned(proofs.transaction!, {});
    expect(reason(verifyChainProof(proofs.transaction, genesis))).toMatch(/signature is not valid/);
    expect(reason(verifyChainProof(proof, genesis))).toBe('valid');
    const foreign = reSigned(proofs.transaction!, { chainId: new Uint8Array(32).fill(7) });
    expect(reason(verifyChainProof(foreign, genesis))).toMatch(/signature is not valid/);
  });

  it('are small: docs/spec/light-client.md names their sizes', () => {
    for (const [kind, proof] of Object.entries(proofs)) {
      const bytes = JSON.stringify(proof).length;
      expect(bytes, kind).toBeGreaterThan(10_000);
      expect(bytes, kind).toBeLessThan(15_000);
    }
  });
});

describe('FIN-15 lies', () => {
  it('with any digit of any field changed, the proof does not hold, or says the same', () => {
    const id = trustChainId(toHex(chain.chainId));
    for (const [kind, proof] of Object.entries(proofs)) {
      const said = JSON.stringify(contentOf(verify(proof)));
      for (const [path, changed] of changes(proof)) {
        const verdict = verify(changed, id);
        // Another key of the same bucket is absent too: the verdict names the key.
        if (kind === 'absence' && path === 'entry.key') continue;
        if (verdict.valid) expect(JSON.stringify(contentOf(verdict)), `${kind} ${path}`).toBe(said);
        else expect(verdict.reason.length, `${kind} ${path}`).toBeGreaterThan(10);
        if (verdict.valid) expect(path, kind).toMatch(/^(transaction|action)\.path\.(index|leaf_count)$/);
      }
    }
  });

  it('of another chain, by too few, by somebody twice, or with another bitmap', () => {
    const certificate = decode(quorumCertificateSchema, fromHex(proofs.block!.anchor.certificate));
    const withCertificate = (change: Partial<QuorumCertificate>) => {
      const hex = toHex(encode(quorumCertificateSchema, { ...certificate, ...change }));
      return reason(verify({ ...proofs.block, anchor: { ...proofs.block!.anchor, certificate: hex } }));
    };
    expect(reason(verify({ ...proofs.block, chain_id: '77'.repeat(32) }))).toMatch(/of chain 7777.*, trusted is chain/);
    const stranger = { ...genesis, chainId: new Uint8Array(32).fill(0x77) };
    expect(reason(verify({ ...proofs.block, chain_id: '77'.repeat(32) }, stranger))).toMatch(/not valid/);
    expect(withCertificate({ signers: Uint8Array.of(0b0011) })).toMatch(
      /2 of 4 finalizers of schedule 2 signed, 3 must/,
    );
    expect(withCertificate({ signers: Uint8Array.of(0b1_0111) })).toMatch(/bitmap/);
    expect(withCertificate({ signers: Uint8Array.of(0b0111, 0) })).toMatch(/bitmap/);
    expect(withCertificate({ phase: 0 })).toMatch(/commit phase/);
    expect(withCertificate({ slot: certificate.slot + 1 })).toMatch(/slot/);
    const { schedule } = chain.trust;
    const twice = { ...schedule, producers: [...schedule.producers.slice(0, 3), schedule.producers[0]!] };
    const renamed = twice.producers.map((producer, i) => (i === 3 ? { ...producer, name: name('prod.z') } : producer));
    expect(() => trustGenesis({ ...chain.genesis, producers: twice.producers })).toThrow(/names a producer twice/);
    expect(() => trustGenesis({ ...chain.genesis, producers: renamed })).toThrow(
      /two producers have one finalizer key/,
    );
    expect(() => trustGenesis({ ...chain.genesis, producers: [] })).toThrow(/no producers/);
  });

  it('about the schedule: steps left out, in another order, or of fewer voters', () => {
    const [first, second] = proofs.block!.steps;
    const withSteps = (steps: unknown[]) => reason(verify({ ...proofs.block, steps }));
    expect(withSteps([])).toMatch(/does not lead from schedule 0/);
    expect(withSteps([second])).toMatch(/step from schedule 0 to 2 does not hold.*version/);
    expect(withSteps([first])).toMatch(/does not lead from schedule 1, which is trusted, to schedule 2/);
    expect(withSteps([first, first, second])).toBe('valid');
    expect(withSteps([{ ...first!, certificate: second!.certificate }, second])).toMatch(/another block/);
    expect(withSteps([{ ...first!, headers: [] }, second])).toMatch(/0 headers/);
    const late = { headers: second!.headers, certificate: first!.certificate };
    expect(withSteps([first, late])).toMatch(/another block/);
    const certificate = decode(quorumCertificateSchema, fromHex(first!.certificate));
    // Five vote on the step; three of the old schedule and two of the new are not enough.
    const few = toHex(encode(quorumCertificateSchema, { ...certificate, signers: Uint8Array.of(0b00111) }));
    expect(withSteps([{ ...first!, certificate: few }, second])).toMatch(/2 of 4 finalizers of schedule 1/);
    expect(withSteps(Array.from({ length: 2049 }, () => first))).toMatch(/2049 steps, at most 2048/);
  });

  it('about the checkpoint: stale, newer than the proof, of another fork, damaged', async () => {
    const verdict = verify(proofs.row);
    if (!verdict.valid) throw new Error(verdict.reason);
    const { checkpoint } = verdict;
    backend.show(60);
    const old = await getChainProof(api, { kind: 'block', block: '9' }).finally(() => backend.show(chain.final));
    expect(old.steps.length).toBeLessThan(2);
    expect(reason(verify(old))).toBe('valid');
    expect(reason(verify(old, trustCheckpoint(checkpoint)))).toMatch(/older than the checkpoint; get a new one/);
    const forked = { ...checkpoint, block: { ...checkpoint.block!, id: '00'.repeat(32) } };
    expect(reason(verify(proofs.row, trustCheckpoint(forked)))).toMatch(/two chains/);
    expect(() => readTrust('hello')).toThrow(/neither a chain id nor JSON/);
    expect(() => readTrust('{}')).toThrow(/no checkpoint: .*missing/);
    expect(() => readTrust(JSON.stringify({ ...checkpoint, version: 2 }))).toThrow(/out of range/);
    const unknown = { ...checkpoint, previous_schedule: checkpoint.schedule };
    expect(() => trustCheckpoint(unknown)).toThrow(/its version is 2, not 3/);
    const { producers } = checkpoint.schedule;
    const badKey = { ...checkpoint, schedule: { version: 2, producers: [{ ...producers[0]!, finalizer_key: 'x' }] } };
    expect(() => trustCheckpoint(badKey)).toThrow(/cannot be read/);
  });

  it('about the block: a row against another header, a path of another length, no path, two contents', () => {
    const swapped = (block: ChainProof['block']) => reason(verify({ ...proofs.row, block }));
    expect(swapped(proofs.transaction!.block)).toMatch(/does not show the entry/);
    const { header, path } = proofs.row!.block;
    expect(swapped({ header, path: null })).toMatch(/not the anchor, and no path/);
    expect(swapped({ header, path: { ...path!, siblings: path!.siblings.slice(1) } })).toMatch(/does not lead/);
    expect(swapped({ header, path: { ...path!, siblings: [...path!.siblings, '00'.repeat(32)] } })).toMatch(/not lead/);
    const many = Array.from({ length: 65 }, () => '00'.repeat(32));
    expect(swapped({ header, path: { ...path!, siblings: many } })).toMatch(/too many items/);
    const anchor = { header: proofs.row!.anchor.header, path: null };
    expect(swapped(anchor)).toMatch(/does not show the entry/);
    const both = { ...proofs.row, transaction: proofs.transaction!.transaction };
    expect(reason(verify(both))).toMatch(/several things/);
    const uncommitted = { ...proofs.absence!.entry!, key: `67${proofs.absence!.entry!.key.slice(2)}` };
    expect(reason(verify({ ...proofs.absence, entry: uncommitted }))).toMatch(/not covered by the state root/);
    const present = { ...proofs.row!.entry!, value: null };
    expect(reason(verify({ ...proofs.row, entry: present }))).toMatch(/opposite/);
  });

  it('that are no document at all', () => {
    for (const junk of [undefined, null, 1, 'x', [], {}, { version: 2 }, { version: 1, steps: 'x' }]) {
      expect(verify(junk).valid).toBe(false);
    }
    expect(reason(verify({ ...proofs.block, version: 2 }))).toMatch(/format 2, this program reads format 1/);
    expect(reason(verify({ ...proofs.block, extra: 1 }))).toMatch(/not in the schema/);
    const huge = 'ab'.repeat(20_000_000);
    expect(reason(verify({ ...proofs.block, anchor: { ...proofs.block!.anchor, header: huge } }))).toMatch(/too long/);
    expect(reason(verify({ ...proofs.row, entry: { ...proofs.row!.entry!, proof: huge } }))).toMatch(/too long/);
    const cut = { ...proofs.block!.anchor, header: proofs.block!.anchor.header.slice(0, -2) };
    expect(reason(verify({ ...proofs.block, anchor: cut }))).toMatch(/header of the anchor cannot be read/);
  });
});

describe('the node', () => {
  it('answers in the form that its routes have', async () => {
    const id = toHex(chain.transfers[0]!);
    const answers = [
      [routes.snap.getLightClientUpdate, await api.snap.getLightClientUpdate({})],
      [routes.snap.getBlockProof, await api.snap.getBlockProof({ block_num_or_id: '5' })],
      [routes.snap.getTransactionProof, await api.snap.getTransactionProof({ id })],
      [routes.snap.getActionProof, await api.snap.getActionProof({ id })],
      [routes.snap.getRowProof, await api.snap.getRowProof({ key: proofs.row!.entry!.key })],
    ] as const;
    for (const [route, answer] of answers) expect(violations(route.response, answer), route.path).toEqual([]);
  });

  it('waits until a certified header shows the block, and says so when the client must come back', async () => {
    const num = chain.final - 6;
    backend.show(num);
    const asked = getChainProof(api, { kind: 'block', block: String(num) });
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (let shown = num + 1; shown <= chain.final; shown++) backend.show(shown);
    expect(verify(await asked)).toMatchObject({ valid: true, block: { num } });
  });

  it('proves the anchor without a path', async () => {
    const update = await api.snap.getLightClientUpdate({ from_schedule: 2 });
    const header = decode(blockHeaderSchema, fromHex(update.anchor!.header));
    expect(update).toMatchObject({ steps: [], more: false, schedule_version: 2 });
    const num = chain.blocks.findIndex((made) => made !== undefined && made.block.header.slot === header.slot);
    const proof = await getChainProof(api, { kind: 'block', block: String(num) });
    expect(proof.block.path).toBeNull();
    expect(reason(verify(proof))).toBe('valid');
  });

  it('computes its index anew where the one that it kept is wrong', () => {
    const chainOf = {
      finalNum: () => chain.final,
      earliestNum: () => 2,
      header: (num: number) => chain.blocks[num]?.block.header,
      id: (num: number) => (num === 1 ? chain.keys.root.facts.id : chain.blocks[num]?.id),
    };
    let isDamaged = true;
    const id = (num: number) => (isDamaged && num < 40 ? new Uint8Array(32) : chainOf.id(num));
    const light = new LightChain({ ...chainOf, id });
    expect(light.prove(90)).toMatchObject({ kind: 'indexing' });
    isDamaged = false;
    expect(light.prove(90)).toEqual(backend.light.prove(90));
  });

  it('says what it does not have', async () => {
    await expect(api.snap.getTransactionProof({ id: 'ab'.repeat(32) })).rejects.toThrow(/is it final yet/);
    await expect(api.snap.getTransactionProof({ id: 'xyz' })).rejects.toThrow(/Invalid transaction ID/);
    await expect(api.snap.getBlockProof({ block_num_or_id: '99999' })).rejects.toThrow(/Could not find block/);
    const id = toHex(chain.transfers[0]!);
    await expect(api.snap.getActionProof({ id, action_ordinal: 99 })).rejects.toThrow(/no executed action/);
    await expect(api.snap.getRowProof({})).rejects.toThrow(/key, or code/);
    await expect(api.snap.getRowProof({ key: '61' })).rejects.toThrow(/does not commit to its state/);
    const pruned = new SimulatedBackend(chain);
    pruned.earliest = 100;
    expect(pruned.light.steps(0)).toEqual({ kind: 'missing', earliestNum: 100 });
    expect(pruned.light.prove(9)).toEqual({ kind: 'missing', earliestNum: 100 });
    expect(pruned.light.prove(120)).toEqual({ kind: 'missing', earliestNum: 100 });
    expect(pruned.light.prove(chain.final + 5)).toEqual({ kind: 'later' });
    pruned.shown = 2;
    expect(pruned.light.prove(2)).toEqual({ kind: 'later' });
  });
});

function contentOf(verdict: ChainProofVerdict): unknown {
  if (!verdict.valid) return undefined;
  return [
    verdict.block,
    JSON.stringify(verdict.content, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
  ];
}

/** The document with one digit, or number, changed in each of its fields, at several places of long ones. */
function* changes(proof: ChainProof): Generator<[string, unknown]> {
  yield* changesOf(proof, '', (changed) => changed);
}

function* changesOf(value: unknown, path: string, put: (changed: unknown) => unknown): Generator<[string, unknown]> {
  if (typeof value === 'number') yield [path, put(value + 1)];
  if (typeof value === 'string') {
    const step = Math.max(1, Math.floor(value.length / 24));
    for (let at = 0; at < value.length; at += step) {
      const digit = (Number.parseInt(value[at]!, 16) ^ 1).toString(16);
      yield [path, put(value.slice(0, at) + digit + value.slice(at + 1))];
    }
    if (value.length > 0) yield [`${path} cut`, put(value.slice(2))];
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    const inside = path === '' ? key : `${path}.${key}`;
    const putIn = (changed: unknown) =>
      put(Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed });
    yield* changesOf(part, inside, putIn);
  }
}

/** The proof with certificates by the real keys of the simulated members. */
function reSigned(proof: ChainProof, { chainId = chain.chainId }: { readonly chainId?: Uint8Array }): ChainProof {
  const all = [...members, 'prod.e', 'prod.f'];
  const sign = (hex: string, voters: readonly string[]): string => {
    const certificate = decode(quorumCertificateSchema, fromHex(hex));
    const digest = voteDigest(chainId, certificate);
    const signatures = signersOf(certificate.signers, voters.length)!.map((position) => {
      const label = Uint8Array.from(voters[position]!, (character) => character.charCodeAt(0));
      return blsSign(generateBlsPrivateKey(sha512(label).slice(0, 48)), digest);
    });
    return toHex(encode(quorumCertificateSchema, { ...certificate, signature: blsAggregate(signatures) }));
  };
  const electorates = [all.slice(0, 5), all.slice(1, 6)];
  return {
    ...proof,
    steps: proof.steps.map((step, i) => ({ ...step, certificate: sign(step.certificate, electorates[i]!) })),
    anchor: { ...proof.anchor, certificate: sign(proof.anchor.certificate, all.slice(2)) },
  };
}
