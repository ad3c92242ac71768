/** Votes, proxies, and the tally. */
import { beforeEach, describe, expect, test } from 'vitest';
import { producerNames, SystemChain } from './system-chain.js';

let chain: SystemChain;
beforeEach(() => {
  chain = SystemChain.start(['alice', 'bob', 'carol', 'proxy', 'bp.aa', 'bp.ab', 'bp.ac']);
  chain.register(['bp.aa', 'bp.ab', 'bp.ac']);
});

const vote = (voter: string, producers: readonly string[], proxy = '', signer = voter) =>
  chain.act('voteproducer', { voter, proxy, producers: [...producers] }, signer);
const regproxy = (proxy: string, isproxy = true, signer = proxy) => chain.act('regproxy', { proxy, isproxy }, signer);
const tally = () => ['bp.aa', 'bp.ab', 'bp.ac'].map((producer) => chain.votes(producer) / 10_000);
const activated = () => Number(chain.global.total_activated_stake) / 10_000;

describe('voteproducer', () => {
  test('counts the whole stake for each of the chosen', () => {
    chain.stake('alice', '3.0000 XST');
    chain.stake('bob', '2.0000 XST');
    vote('alice', ['bp.aa', 'bp.ab']);
    vote('bob', ['bp.ab']);
    expect(tally()).toEqual([3, 5, 0]);
    expect(activated()).toBe(5);
    expect(Number(chain.global.total_producer_vote_weight)).toBe(80_000);
  });

  test('replaces the vote before', () => {
    chain.stake('alice', '3.0000 XST');
    vote('alice', ['bp.aa', 'bp.ab']);
    vote('alice', ['bp.ab', 'bp.ac']);
    expect(tally()).toEqual([0, 3, 3]);
    vote('alice', []);
    expect(tally()).toEqual([0, 0, 0]);
    expect(activated()).toBe(0);
  });

  test('does not decay: a vote weighs the same after a year', () => {
    chain.stake('alice', '3.0000 XST');
    vote('alice', ['bp.aa']);
    chain.wait(365 * 24 * 3600);
    chain.stake('bob', '3.0000 XST');
    vote('bob', ['bp.ab']);
    expect(tally()).toEqual([3, 3, 0]);
  });

  test('takes 30 at most', () => {
    const many = producerNames(34).slice(3);
    chain.createAccounts(...many);
    chain.register(many);
    chain.stake('alice', '1.0000 XST');
    expect(() => vote('alice', many)).toThrow('attempt to vote for too many producers');
    vote('alice', many.slice(1));
    expect(many.map((producer) => chain.votes(producer))).toEqual([0, ...Array(30).fill(10_000)]);
  });

  test('keeps counting for a producer that is no longer active, who cannot be chosen anew', () => {
    chain.stake('alice', '3.0000 XST');
    vote('alice', ['bp.aa', 'bp.ab']);
    chain.act('unregprod', { producer: 'bp.aa' });
    expect(tally()).toEqual([3, 3, 0]);
    expect(() => vote('alice', ['bp.aa', 'bp.ab'])).toThrow('a producer in the vote is not active');
    vote('alice', ['bp.ab']);
    expect(tally()).toEqual([0, 3, 0]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['without authority', () => vote('alice', ['bp.aa'], '', 'bob'), /missing authority of alice/],
    ['without stake', () => vote('bob', ['bp.aa']), /user must stake before they can vote/],
    ['out of order', () => vote('alice', ['bp.ab', 'bp.aa']), /must be unique and sorted/],
    ['twice for one', () => vote('alice', ['bp.aa', 'bp.aa']), /must be unique and sorted/],
    ['for an account that is no producer', () => vote('alice', ['bob']), /a producer in the vote is not registered/],
    ['for producers and through a proxy', () => vote('alice', ['bp.aa'], 'proxy'), /producers and proxy at same time/],
    ['through oneself', () => vote('alice', [], 'alice'), /cannot proxy to self/],
    ['through an account that never voted', () => vote('alice', [], 'carol'), /invalid proxy specified/],
    ['through an account that is no proxy', () => vote('alice', [], 'bp.aa'), /proxy not found/],
  ])('is refused %s', (_, act, message) => {
    chain.stake('alice', '1.0000 XST');
    chain.stake('bp.aa', '1.0000 XST');
    expect(act).toThrow(message);
    expect(tally()).toEqual([0, 0, 0]);
  });
});

describe('a proxy', () => {
  beforeEach(() => {
    regproxy('proxy');
    chain.stake('alice', '3.0000 XST');
    chain.stake('bob', '2.0000 XST');
  });

  test('votes with all that is delegated to it, and with its own', () => {
    vote('alice', [], 'proxy');
    vote('proxy', ['bp.aa']);
    vote('bob', [], 'proxy');
    expect(tally()).toEqual([5, 0, 0]);
    chain.stake('proxy', '1.0000 XST');
    chain.stake('alice', '4.0000 XST');
    expect(tally()).toEqual([10, 0, 0]);
    expect(activated()).toBe(10);
    chain.act('undelegatebw', {
      from: 'alice',
      receiver: 'alice',
      unstake_net_quantity: '7.0000 XST',
      unstake_cpu_quantity: '0.0000 XST',
    });
    expect(tally()).toEqual([3, 0, 0]);
  });

  test('loses the weight of whoever votes otherwise', () => {
    vote('proxy', ['bp.aa']);
    vote('alice', [], 'proxy');
    vote('bob', [], 'proxy');
    vote('alice', ['bp.ab']);
    expect(tally()).toEqual([2, 3, 0]);
    vote('bob', []);
    expect(tally()).toEqual([0, 3, 0]);
    expect(activated()).toBe(3);
  });

  test('can be changed for another', () => {
    regproxy('carol');
    vote('proxy', ['bp.aa']);
    vote('carol', ['bp.ab']);
    vote('alice', [], 'proxy');
    vote('alice', [], 'carol');
    expect(tally()).toEqual([0, 3, 0]);
    vote('alice', [], 'carol');
    expect(tally()).toEqual([0, 3, 0]);
  });

  test('that resigns keeps its own vote; what was delegated counts again when it returns', () => {
    chain.stake('proxy', '1.0000 XST');
    vote('proxy', ['bp.aa']);
    vote('alice', [], 'proxy');
    regproxy('proxy', false);
    expect(tally()).toEqual([1, 0, 0]);
    chain.stake('alice', '1.0000 XST');
    expect(tally()).toEqual([1, 0, 0]);
    expect(() => vote('bob', [], 'proxy')).toThrow('proxy not found');
    regproxy('proxy');
    expect(tally()).toEqual([5, 0, 0]);
    regproxy('proxy', false);
    vote('alice', ['bp.ab']);
    regproxy('proxy');
    expect(tally()).toEqual([1, 4, 0]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['become one without authority', () => regproxy('carol', true, 'alice'), /missing authority of carol/],
    ['become one twice', () => regproxy('proxy'), /action has no effect/],
    ['resign without being one', () => regproxy('alice', false), /action has no effect/],
    ['become one while using one', () => regproxy('bob'), /uses a proxy is not allowed to become a proxy/],
    ['use another', () => vote('proxy', [], 'carol'), /registered as a proxy is not allowed to use a proxy/],
  ])('nobody can %s', (_, act, message) => {
    regproxy('carol');
    regproxy('carol', false);
    vote('bob', [], 'proxy');
    expect(act).toThrow(message);
  });
});
