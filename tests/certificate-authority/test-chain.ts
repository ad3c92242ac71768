/** The real contract `snap.ca` in memory as the chain of a CA, which can be cut off and can lose answers. */
import type { ChainAccess } from '@snapscale/ca';
import { ChainRefusal, ChainUnavailable } from '@snapscale/ca';
import { ContractTest, systemContract } from '@snapscale/contracts/testing';
import { formatPublicKey, type PrivateKey, toHex } from '@snapscale/crypto';
import { type Json, type JsonObject, parseName } from '@snapscale/protocol';
import type { Certificate } from '@snapscale/sdk/certificates';

const contract = 'snap.ca';
const scope = ['auditor', 'ca.operator', 'client', 'device', 'edge', 'observer', 'producer'];

export class TestChain implements ChainAccess {
  readonly test: ContractTest;
  /** The node does not answer. */
  isDown = false;
  /** The next transaction is executed, and the answer is lost. */
  losesAnswer = false;
  pushed: string[] = [];
  #final = 1000;

  private constructor(test: ContractTest) {
    this.test = test;
  }

  /** A consortium of these organisations. That called `small` may have one member. */
  static async found(root: Certificate, issuing: ReadonlyMap<string, Certificate>): Promise<TestChain> {
    const organisations = [...issuing.keys()];
    const time = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().slice(0, 23);
    const test = await ContractTest.start({ time, accounts: [contract, ...organisations, 'alice', 'bob'] });
    test.deploy(contract, systemContract(contract));
    const validUntil = text(Date.now() + 2 * 365 * 86_400_000);
    const founders = [...issuing].map(([organisation, certificate]) => ({
      organisation,
      title: `${organisation} Ltd`,
      terms: { quota: organisation === 'small' ? 1 : 100, weight: 1, valid_until: validUntil, scope },
      issuer: authority(certificate),
    }));
    const parameters = {
      reads: 0,
      approval_numerator: 2,
      approval_denominator: 3,
      proposal_life_sec: 604_800,
      application_life_sec: 2_592_000,
      overlap_sec: 604_800,
      keep_expired_sec: 86_400,
      keep_decided_sec: 31_536_000,
    };
    test.push(contract, 'init', contract, { founders, roots: [authority(root)], parameters } as unknown as Json);
    return new TestChain(test);
  }

  /** Gives an organisation the permission that its CA acts with, for these actions alone. */
  allow(organisation: string, actions: readonly string[]): void {
    const auth = {
      threshold: 1,
      keys: [],
      accounts: [{ permission: { actor: organisation, permission: 'active' }, weight: 1 }],
      waits: [],
    };
    this.test.push('eosio', 'updateauth', organisation, {
      account: organisation,
      permission: 'ca',
      parent: 'active',
      auth,
    });
    for (const type of actions) {
      this.test.push('eosio', 'linkauth', organisation, {
        account: organisation,
        code: contract,
        type,
        requirement: 'ca',
      });
    }
  }

  /** Gives an organisation another issuing CA, by decision of all. */
  rotate(organisation: string, next: Certificate, voters: readonly string[]): void {
    const previous_until = text(Date.now() + 30 * 86_400_000);
    this.decide(['rotate_authority', { organisation, next: authority(next), previous_until }], voters);
  }

  /** Has something proposed, approved and carried out. */
  decide(content: Json, voters: readonly string[]): void {
    const [proposer] = voters;
    const { returnValue } = this.test.push(contract, 'propose', proposer!, { organisation: proposer!, content });
    this.approve(Number(returnValue), voters);
  }

  /** Has a proposal approved by all who do not yet, and carried out. */
  approve(proposal: number, voters: readonly string[]): void {
    const { digest, organisation } = this.test.row(contract, contract, 'proposals', proposal) as Record<string, string>;
    const votes = this.test.table(contract, BigInt(proposal), 'votes') as Record<string, Json>[];
    const silent = voters.filter((one) => votes.every((vote) => vote.organisation !== one));
    for (const voter of silent) {
      this.test.push(contract, 'approve', voter, { organisation: voter, proposal, digest: digest! });
    }
    this.test.push(contract, 'execute', organisation!, { account: organisation!, proposal });
  }

  async rows(
    table: string,
    of: string,
    query: { lower?: string; upper?: string; limit?: number } = {},
  ): Promise<readonly JsonObject[]> {
    this.#answer();
    const bound = (key: string) => (/^\d+$/.test(key) ? BigInt(key) : parseName(key));
    return this.test
      .paidTable(contract, of, table)
      .filter(
        ({ key }) =>
          (query.lower === undefined || key >= bound(query.lower)) &&
          (query.upper === undefined || key <= bound(query.upper)),
      )
      .slice(0, query.limit)
      .map(({ row }) => row as JsonObject);
  }

  async push(action: string, permission: string, _key: PrivateKey, data: Json): Promise<void> {
    this.#answer();
    this.pushed.push(action);
    try {
      this.test.push(contract, action, permission, data);
    } catch (error) {
      const message = (error as Error).message;
      throw new ChainRefusal(message, /authority|permission/i.test(message) && !message.includes('assert'));
    }
    if (this.losesAnswer) {
      this.losesAnswer = false;
      throw new ChainUnavailable('the answer was lost');
    }
  }

  async finalNumber(): Promise<number> {
    this.#answer();
    return ++this.#final;
  }

  async seenIsFinal(): Promise<void> {
    this.#answer();
  }

  #answer(): void {
    if (this.isDown) throw new ChainUnavailable('the node does not answer');
  }
}

/** `apply` by an account. */
export function apply(
  chain: TestChain,
  applicant: string,
  organisation: string,
  key: Parameters<typeof formatPublicKey>[0],
  roles: string[],
  request: Uint8Array = new Uint8Array(),
): void {
  const data = { applicant, organisation, subject_key: formatPublicKey(key), node: '', roles, request: toHex(request) };
  chain.test.push(contract, 'apply', applicant, data);
}

function authority(certificate: Certificate) {
  return { certificate: toHex(certificate.der), not_after: text(certificate.notAfterSec * 1000) };
}

function text(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}
