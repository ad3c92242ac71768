/** What holds after any sequence of actions: counters equal rows, votes count once, producers are those who may be. */
import type { JsonObject } from '@snapscale/protocol';
import { expect, test } from 'vitest';
import { admission, Consortium, certificate, day, der, organisations, serialOf, sha256 } from './consortium.js';

const accounts = ['alice', 'bob', 'carol', 'omega'];
const roleSets = [['client'], ['edge', 'producer'], ['producer'], ['ca.operator'], ['device']];

/** A sequence of numbers that look like chance, always the same for a seed. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Plays actions, most of them sensible and some not, against a chain; remembers votes as a set. */
class Player {
  readonly #it: Consortium;
  readonly #pick: (below: number) => number;
  readonly #votes = new Map<number, Set<string>>();
  readonly done = new Map<string, number>();
  readonly #issued: [organisation: string, number: number][] = [];
  #number = 0;
  #days = 0;

  constructor(consortium: Consortium, seed: number) {
    this.#it = consortium;
    this.#pick = chance(seed);
  }

  step(): void {
    const kind = this.#oneOf([
      'issue',
      'issue',
      'issue',
      'renew',
      'revoke',
      'decide',
      'vote',
      'vote',
      'execute',
      'prune',
      'wait',
    ]);
    try {
      this.#play(kind);
      this.done.set(kind, (this.done.get(kind) ?? 0) + 1);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ContractTestError') throw error;
    }
  }

  #play(kind: string): void {
    const organisation = this.#oneOf(organisations);
    if (this.#it.organisation(organisation) === undefined) this.#decide(organisation);
    else if (kind === 'issue') this.#issue(organisation);
    else if (kind === 'renew') this.#renew(organisation);
    else if (kind === 'revoke') this.#revoke(organisation);
    else if (kind === 'decide') this.#decide(organisation);
    else if (kind === 'vote' && this.#votes.size > 0) this.#vote(organisation);
    else if (kind === 'execute' && this.#votes.size > 0) this.#execute();
    else if (kind === 'prune') this.#it.prune(organisation, { serials: [serialOf(this.#known(organisation))] });
    else {
      const days = this.#pick(5);
      this.#it.chain.advance({ days });
      this.#days += days;
    }
  }

  #issue(organisation: string): void {
    const account = this.#oneOf(['', ...accounts]);
    const roles = this.#oneOf(roleSets);
    const number = this.#number++;
    this.#it.issue(organisation, number, { account, roles, ...this.#life(organisation) });
    this.#issued.push([organisation, number]);
  }

  /** Sometimes as one who may not. */
  #revoke(organisation: string): void {
    const by = this.#pick(3) === 0 ? this.#oneOf(accounts) : organisation;
    this.#it.revoke(by, organisation, [this.#known(organisation)]);
  }

  #renew(organisation: string): void {
    const number = this.#number++;
    const successor = certificate(organisation, number, this.#life(organisation));
    const serial = serialOf(this.#known(organisation));
    this.#it.push('renew', organisation, { by: organisation, organisation, serial, successor });
    this.#issued.push([organisation, number]);
  }

  /** The newest issuing CA, and some days from now. */
  #life(organisation: string): JsonObject {
    const key = (this.#it.organisation(organisation).authorities as string[]).at(-1);
    const { digest } = this.#it.rows('authorities').find((row) => row.key === key)!;
    return { issuer: digest!, not_before: day(this.#days), not_after: day(this.#days + 1 + this.#pick(20)) };
  }

  #decide(organisation: string): void {
    const label = `${organisation}${this.#number++}`;
    const next = { certificate: der(label), not_after: day(900) };
    const decisions: readonly (readonly [string, JsonObject])[] = [
      ['suspend_organisation', { organisation }],
      ['resume_organisation', { organisation }],
      ['expel_organisation', { organisation }],
      ['admit_organisation', { ...admission(organisation, { weight: 1 + this.#pick(3) }), issuer: next }],
      ['rotate_authority', { organisation, next, previous_until: day(this.#days + this.#pick(10)) }],
      ['revoke_authority', { digest: sha256(der(organisation)), reason: 2 }],
    ];
    const [kind, content] = this.#oneOf(decisions);
    const proposer = this.#oneOf(organisations);
    const { returnValue } = this.#it.push('propose', proposer, { organisation: proposer, content: [kind, content] });
    this.#votes.set(Number(returnValue), new Set([proposer]));
  }

  /** Mostly for what is open, so that decisions come about. */
  #vote(organisation: string): void {
    const proposal = this.#proposal();
    if (this.#pick(6) === 0) {
      this.#it.push('unapprove', organisation, { organisation, proposal });
      this.#votes.get(proposal)!.delete(organisation);
      return;
    }
    for (const voter of organisations) {
      try {
        this.#it.approve(voter, proposal);
        this.#votes.get(proposal)!.add(voter);
      } catch {
        // Some have voted already, and some may not.
      }
      if (this.#pick(4) === 0) return;
    }
  }

  /** An execution succeeds exactly when the weights of those who approve, each counted once, suffice. */
  #execute(): void {
    const proposal = this.#proposal();
    const row = this.#it.proposal(proposal);
    const active = this.#it.rows('orgs').filter(({ status }) => status === 0);
    const total = active.reduce((sum, { weight }) => sum + Number(weight), 0);
    const admissions = new Map(
      this.#it.rows('votes', BigInt(proposal)).map((vote) => [vote.organisation, vote.admission]),
    );
    const approving = active
      .filter(
        ({ account, admission }) =>
          this.#votes.get(proposal)!.has(String(account)) && admissions.get(account!) === admission,
      )
      .reduce((sum, { weight }) => sum + Number(weight), 0);
    const suffices = 3 * approving > 2 * total;
    try {
      this.#it.push('execute', 'carol', { account: 'carol', proposal });
    } catch (error) {
      const tooFew = String(error).includes('is needed');
      if (row.status === 0 && tooFew) expect(suffices).toBe(false);
      throw error;
    }
    expect(suffices).toBe(true);
    expect(this.#it.proposal(proposal)).toMatchObject({ approving_weight: approving, total_weight: total });
  }

  /** One of the newest three. */
  #proposal(): number {
    return this.#oneOf([...this.#votes.keys()].slice(-3));
  }

  /** A certificate of the organisation, as far as it has any. */
  #known(organisation: string): number {
    const own = this.#issued.filter(([issuer]) => issuer === organisation);
    return own.length === 0 ? 0 : this.#oneOf(own)[1];
  }

  #oneOf<T>(values: readonly T[]): T {
    return values[this.#pick(values.length)]!;
  }
}

function checkInvariants(it: Consortium): void {
  const orgs = it.rows('orgs');
  const authorities = new Map(it.rows('authorities').map((row) => [row.key, row]));
  const weights = orgs.filter(({ status }) => status === 0).map(({ weight }) => Number(weight));
  expect(it.state).toMatchObject({ organisations: orgs.length, active_weight: weights.reduce((a, b) => a + b, 0) });

  const held = new Map<string, JsonObject[]>();
  for (const organisation of organisations) {
    const members = it.rows('members', organisation);
    const revoked = members.filter(({ status }) => status === 2);
    const open = it.rows('proposals').filter((row) => row.organisation === organisation && row.status === 0);
    const counted = {
      active: members.filter(({ status }) => status === 0).length,
      members: members.length,
      revocations: revoked.length,
      open_proposals: open.length,
    };
    expect(it.usage(organisation) ?? { active: 0, members: 0, revocations: 0, open_proposals: 0 }).toMatchObject(
      counted,
    );
    const entries = it.rows('revocations', organisation).map(({ number, serial }) => [number, serial]);
    expect(new Map(entries as [])).toEqual(new Map(revoked.map(({ revocation, serial }) => [revocation, serial])));
    const keys = it.rows('keys', organisation);
    expect(new Set(keys.map((row) => row.member)).size).toBe(keys.length);
    for (const row of keys) expect(members.some(({ key }) => key === row.member)).toBe(true);
    for (const row of members) {
      if (row.status === 2 || row.account === '') continue;
      held.set(String(row.account), [...(held.get(String(row.account)) ?? []), { ...row, organisation }]);
    }
  }

  const rows = it.rows('accounts');
  const isValid = ({ valid_until }: JsonObject) => String(valid_until) > it.chain.time;
  const holders = [...held].filter(([, mine]) => mine.some(isValid)).map(([account]) => account);
  expect(rows.map(({ account }) => account)).toEqual(expect.arrayContaining(holders));
  const listed = new Map(it.rows('producers').map((row) => [row.account, row]));
  for (const { account, organisation, certificates } of rows) {
    const mine = held.get(String(account))!;
    expect(mine.filter(isValid).every((row) => row.organisation === organisation)).toBe(true);
    const noted = (certificates as JsonObject[]).map((row) => [row.member, row.valid_until]);
    const pairs = (some: readonly JsonObject[]) => some.map(({ key, valid_until }) => [key, valid_until]);
    // What has expired may be forgotten.
    expect(noted).toEqual(expect.arrayContaining(pairs(mine.filter(isValid))));
    expect(pairs(mine)).toEqual(expect.arrayContaining(noted));

    const owner = orgs.find((row) => row.account === organisation)!;
    const producing = mine.filter(({ roles }) => (roles as string[]).includes('producer'));
    const isListed = (owner.producers as string[]).includes(String(account));
    if (isListed) expect(producing).not.toEqual([]);
    const ends = producing
      .map((row) => ({ row, authority: authorities.get(row.authority!)! }))
      .filter(({ authority }) => authority.status !== 2)
      .map(({ row, authority }) => [row.valid_until, authority.valid_until, owner.valid_until].map(String).sort()[0]!);
    const until = owner.status === 0 ? ends.sort().at(-1) : undefined;
    if (ends.some((end) => end > it.chain.time)) expect(isListed).toBe(true);
    if (until !== undefined && until > it.chain.time) expect(listed.get(account!)).toBeDefined();
    if (listed.has(account!)) expect(listed.get(account!)).toMatchObject({ organisation, valid_until: until });
    listed.delete(account!);
  }
  expect([...listed]).toEqual([]);
}

test.each([1, 2, 3])(
  'counters, holders, producers and majorities agree with the rows, whatever is done: %i',
  async (seed) => {
    const it = await Consortium.founded({ keep_expired_sec: 60 });
    const player = new Player(it, seed);
    for (let step = 0; step < 250; step++) {
      player.step();
      if (step % 10 === 9) checkInvariants(it);
      it.chain.advance({ blocks: 1 });
    }
    for (const kind of ['issue', 'revoke', 'decide', 'vote', 'execute', 'prune']) {
      expect(player.done.get(kind) ?? 0, kind).toBeGreaterThan(0);
    }
  },
);
