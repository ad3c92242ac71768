/** The consortium of a new chain, in memory, with real certificates and the contracts as they are deployed. */
import { webcrypto } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicKeyOf } from '@snapscale/crypto';
import { checkMembership, getPermission, readConsortium } from '@snapscale/execution';
import { testKey } from '@snapscale/execution/testing';
import { formatName, type JsonObject, name } from '@snapscale/protocol';
import {
  encodePem,
  IssuingAuthority,
  newPrivateKey,
  organisationFiles,
  parseCertificate,
  presentedCertificate,
  rootFiles,
  signerOf,
} from '@snapscale/sdk/certificates';
import { beforeAll, describe, expect, test } from 'vitest';
import { ProducerChain } from '../evidence/testing/producer-chain.js';
import { type ConsortiumFile, readConsortiumFile, writeConsortiumFile } from './consortium-file.js';
import { completeConsortium, foundChain } from './founding.js';

const random = (size: number) => webcrypto.getRandomValues(new Uint8Array(size));
const DAY_SEC = 86_400;
let chain: ProducerChain;
let issuers: Map<string, IssuingAuthority>;
let file: ConsortiumFile;

async function certified(account: string, organisation: string, nowMs: number) {
  const roles = ['producer', 'edge'];
  const key = newPrivateKey('R1', random);
  // Nodes are named after their organisation.
  const node = account === organisation ? account : `${organisation}-${account}`;
  const grant = { roles, node, account, hosts: [], lifeSec: 89 * DAY_SEC, nowMs };
  const der = await issuers.get(organisation)!.issue(signerOf(key).publicKey, grant);
  return { organisation, account, node, roles: ['edge', 'producer'], certificate: encodePem('CERTIFICATE', der) };
}

beforeAll(async () => {
  chain = ProducerChain.unfounded(['north', 'east', 'northa']);
  const nowMs = chain.founding.nowMs();
  const protection = { passphrase: 'p', crypto: webcrypto, random, iterations: 1, nowMs };
  const root = await rootFiles({ ...protection, title: 'Root' });
  const chainKey = newPrivateKey('K1', random);
  issuers = new Map();
  const organisations = [];
  for (const account of ['north', 'east']) {
    const title = `${account} Mobile`;
    const made = await organisationFiles({ ...protection, root, organisation: account, title, chainKey });
    issuers.set(account, new IssuingAuthority({ ...made, signer: signerOf(made.key), random }));
    const issuer = encodePem('CERTIFICATE', made.certificate.der);
    organisations.push({ account, title, issuer, caKey: publicKeyOf(chainKey) });
  }
  file = {
    roots: [encodePem('CERTIFICATE', root.certificate.der)],
    organisations,
    nodes: [
      await certified('north', 'north', nowMs),
      await certified('east', 'east', nowMs),
      await certified('northa', 'north', nowMs),
    ],
  };
  await foundChain(chain.founding, file);
  chain.ledger.produceBlock();
});

const rows = (table: string, scope = 'snap.ca') => chain.ledger.rows('snap.ca', scope, table) as JsonObject[];

describe('founding', () => {
  test('makes organisations, enters the certificates of their nodes, and lets these be elected', () => {
    expect(rows('orgs').map(({ account, title }) => [account, title])).toEqual([
      ['east', 'east Mobile'],
      ['north', 'north Mobile'],
    ]);
    expect(rows('producers').map(({ account }) => account)).toEqual(['east', 'north', 'northa']);
    const [{ certificates_required: required, consortium }] = chain.ledger.rows('eosio', 'eosio', 'dpos') as [
      JsonObject,
    ];
    expect([required, consortium]).toEqual([1, 'snap.ca']);

    const state = chain.ledger.store;
    const root = readConsortium(state)!.roots[0]!.der;
    const [, , leaf] = file.nodes.map(({ certificate }) => parsePem(certificate));
    const shown = presentedCertificate([leaf!, issuers.get('north')!.certificate, parseCertificate(root)]);
    const verdict = checkMembership(state, shown, chain.founding.nowMs() / 1000);
    expect(verdict).toMatchObject({ kind: 'member', node: 'north-northa', organisation: name('north') });
  });

  test('gives the consortium its authority, the CAs theirs, and tools a key', () => {
    const authority = (account: string, permission: string) => {
      const { threshold, keys, accounts } = getPermission(
        chain.ledger.store,
        name(account),
        name(permission),
      )!.authority;
      const level = ({ permission: { actor, permission: of } }: (typeof accounts)[number]) =>
        `${formatName(actor)}@${formatName(of)}`;
      return [threshold, keys.length, ...accounts.map(level)];
    };
    expect(authority('snap.ca', 'active')).toEqual([1, 0, 'snap.ca@eosio.code']);
    expect(authority('snap.ca', 'owner')).toEqual([2, 0, 'east@active', 'north@active']);
    expect(authority('eosio', 'active')).toEqual([1, 1, 'snap.ca@eosio.code']);
    expect(authority('north', 'ca')).toEqual([1, 1]);
    expect(() => authority('northa', 'ca')).toThrow();
    expect(authority('north', 'active')).toEqual([1, 2]);
    const { keys } = getPermission(chain.ledger.store, name('north'), name('active'))!.authority;
    expect(keys.map(({ key }) => key)).toContainEqual(testKey);
  });

  test('is done once; what is there is left alone', async () => {
    chain.sent.length = 0;
    expect(await completeConsortium(chain.founding, file)).toBe(false);
    expect(chain.sent).toHaveLength(0);
  });
});

describe('later', () => {
  test('certificates that were made without the chain are entered, those that have expired or of the expelled are not', async () => {
    const nowMs = chain.founding.nowMs();
    const fresh = await certified('east', 'east', nowMs);
    const expired = await certified('north', 'north', nowMs - 100 * DAY_SEC * 1000);
    expect(await completeConsortium(chain.founding, { ...file, nodes: [fresh, expired] })).toBe(true);
    expect([rows('members', 'east').length, rows('members', 'north').length]).toEqual([2, 2]);
    const stranger = { ...fresh, organisation: 'south' };
    expect(await completeConsortium(chain.founding, { ...file, nodes: [stranger] })).toBe(false);
  });

  test('a chain that is older than consortia gets one', async () => {
    chain = await ProducerChain.start(['north', 'east', 'northa']);
    expect(readConsortium(chain.ledger.store)).toBeUndefined();
    expect(await completeConsortium(chain.founding, file)).toBe(true);
    chain.ledger.produceBlock();
    expect(rows('producers').map(({ account }) => account)).toEqual(['east', 'north', 'northa']);
    expect(getPermission(chain.ledger.store, name('east'), name('ca'))).toBeDefined();
  });
});

test('the file is read as it was written, and one that is damaged is named', () => {
  const directory = mkdtempSync(join(tmpdir(), 'snapscale-consortium-'));
  try {
    expect(readConsortiumFile(directory)).toBeUndefined();
    writeConsortiumFile(directory, file);
    expect(readConsortiumFile(directory)).toEqual(file);
    const path = join(directory, 'consortium.json');
    expect(readFileSync(path, 'utf8')).not.toContain('PRIVATE');
    writeFileSync(path, '{"roots"');
    expect(() => readConsortiumFile(directory)).toThrow(`${path} cannot be read`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

function parsePem(pem: string) {
  return parseCertificate(new Uint8Array(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')));
}
