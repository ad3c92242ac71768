/** Transactions made to break decoders and checks: cut, mutated, bombs, replays, wrong places and times. */
import { deflateSync } from 'node:zlib';
import { type PrivateKey, publicKeyOf, type Signature, sign } from '@snapscale/crypto';
import {
  type Action,
  array,
  chainIdOf,
  encode,
  type PackedTransaction,
  packedTransactionSchema,
  packTransaction,
  signatureSchema,
  signingDigest,
  type Transaction,
  transactionSchema,
  Writer,
} from '@snapscale/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSignatureRecovery } from '../../apps/node/src/verify/signature-recovery.js';
import { type CheckResult, checkTransaction } from '../../apps/node/src/verify/verify-transaction.js';
import { testPrivateKey } from '../../packages/execution/src/testing/test-ledger.js';
import { Random } from '../../packages/execution/src/wasm/testing/random.js';
import { AttackLedger, actionOf } from './support/attack-ledger.js';
import { contract } from './support/modules.js';
import { Report, refused } from './support/report.js';

const report = new Report('transactions');
const NO_DATA = new Uint8Array(0);
const recover = loadSignatureRecovery().port;
const ledger = new AttackLedger();
const chainId = chainIdOf(ledger.genesis);
ledger.accounts('alice', 'bob');
ledger.install('target', contract(''));
ledger.produceBlock();
afterAll(() => report.print());

function signed(transaction: Transaction, keys: readonly PrivateKey[] = [testPrivateKey]): PackedTransaction {
  const packed = packTransaction(transaction, []);
  return { ...packed, signatures: keys.map((key) => sign(key, signingDigest(chainId, packed.packedTransaction))) };
}

function plain(changes: Partial<Transaction> = {}, actions: readonly Action[] = [actionOf('target', 'go', NO_DATA)]) {
  return ledger.transaction(actions, { with: changes }).transaction;
}

/** Decodes and verifies as a node does, and measures it. What is thrown is a defect. */
function check(what: string, bytes: Uint8Array, note = true): CheckResult {
  const began = process.cpuUsage();
  const result = checkTransaction(bytes, chainId, recover);
  const { user, system } = process.cpuUsage(began);
  if (note) report.add(what, (user + system) / 1000, result.kind === 'verified' ? 'verified' : result.rejection.code);
  if (result.kind === 'rejected') expect(result.rejection.message.length, what).toBeGreaterThan(0);
  return result;
}

function refuse(what: string, bytes: Uint8Array, ...codes: string[]): void {
  const result = check(what, bytes);
  const code = result.kind === 'rejected' ? result.rejection.code : 'verified';
  expect(codes, what).toContain(code);
}

const MALFORMED = 'packed_transaction_type_exception';

describe('bytes', () => {
  const sound = encode(packedTransactionSchema, signed(plain()));

  it('cut at every byte, and with a byte more', () => {
    expect(check('a sound transaction', sound).kind).toBe('verified');
    for (let length = 0; length < sound.length; length++) refuse(`cut at ${length}`, sound.slice(0, length), MALFORMED);
    refuse('one byte more', Uint8Array.from([...sound, 0]), MALFORMED);
  });

  it('each changed in several ways', () => {
    let verified = 0;
    for (let at = 0; at < sound.length; at++) {
      for (const change of [1, 0x80, 0xff]) {
        const bytes = sound.slice();
        bytes[at] = bytes[at]! ^ change;
        const result = check('', bytes, false);
        // What verifies all the same was signed by an unknown key: no account's.
        if (result.kind === 'verified') {
          verified++;
          const before = ledger.fingerprint();
          const strike = ledger.strikeWith(result.checked.verified);
          expect(strike.code, `byte ${at} ^ ${change}`).not.toBe('ok');
          if (at % 16 === 0) expect(ledger.fingerprint()).toBe(before);
        }
      }
    }
    expect(verified).toBeGreaterThan(50);
  });

  it('at random', () => {
    const random = new Random(7);
    for (let round = 0; round < 400; round++) {
      const bytes = sound.slice(0, random.below(sound.length + 1));
      for (let k = random.below(6); k > 0; k--)
        if (bytes.length > 0) bytes[random.below(bytes.length)] = random.next() & 0xff;
      check('', bytes, false);
    }
    for (let round = 0; round < 200; round++) {
      check(
        '',
        Uint8Array.from({ length: random.below(300) }, () => random.next() & 0xff),
        false,
      );
    }
  });
});

describe('counts', () => {
  const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
  const head = new Uint8Array(13);
  const packedOf = (...parts: (Uint8Array | number[])[]) => {
    const transaction = Uint8Array.from(Buffer.concat([head, ...parts.map((part) => Uint8Array.from(part))]));
    const writer = new Writer(64);
    writer.raw(Uint8Array.of(0, 0, 0));
    writer.bytes(transaction);
    return writer.finish().slice();
  };

  it('of 2^32 - 1 in every vector', () => {
    const action = [...new Uint8Array(16)];
    refuse('signatures', Uint8Array.from(huge), MALFORMED);
    refuse('context-free data', Uint8Array.from([0, 0, ...huge]), MALFORMED);
    refuse('packed transaction', Uint8Array.from([0, 0, 0, ...huge]), MALFORMED);
    refuse('context-free actions', packedOf(huge), MALFORMED);
    refuse('actions', packedOf([0], huge), MALFORMED);
    refuse('authorizations', packedOf([0, 1], action, huge), MALFORMED);
    refuse('action data', packedOf([0, 1], action, [0], huge), MALFORMED);
    refuse('extensions', packedOf([0, 0], huge), MALFORMED);
    refuse('extension data', packedOf([0, 0, 1, 0, 0], huge), MALFORMED);
  });

  it('in varuints that are too long, padded or too large', () => {
    refuse('10 bytes', Uint8Array.from(Array(10).fill(0x80)), MALFORMED);
    refuse('padding', Uint8Array.from([0x80, 0x00, 0, 0, 0]), MALFORMED);
    refuse('bits beyond 32', Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x7f]), MALFORMED);
  });

  it('of 1,000 signatures, 10,000 actions, and none', () => {
    const writer = new Writer(70_000);
    array(signatureSchema, 1000).write(writer, Array(1000).fill(new Uint8Array(66) as Signature));
    writer.raw(Uint8Array.of(0, 0));
    writer.bytes(encode(transactionSchema, plain()));
    refuse('1,000 signatures', writer.finish().slice(), MALFORMED);
    const many = new Writer(1 << 20);
    many.raw(head);
    many.varuint32(0);
    many.varuint32(10_000);
    many.raw(new Uint8Array(10_000 * 18));
    many.varuint32(0);
    refuse('10,000 actions', packedOf(many.finish().subarray(13)), MALFORMED);
    const none = ledger.transaction([]);
    refused(report, ledger, 'no action', () => ledger.strikeWith(none), 'tx_no_action');
    const most = ledger.transaction(Array.from({ length: 1024 }, () => actionOf('target', 'go', NO_DATA)));
    const strike = ledger.strikeWith(most);
    report.add('1,024 actions', Math.min(strike.wallMs, strike.cpuMs), strike.code);
  });
});

describe('compression', () => {
  const bomb = (size: number) => deflateSync(new Uint8Array(size), { level: 9 });
  const compressed = (packedTransaction: Uint8Array, packedContextFreeData: Uint8Array = NO_DATA) =>
    encode(packedTransactionSchema, { signatures: [], compression: 1, packedContextFreeData, packedTransaction });

  it('bombs are cut off at a MiB', () => {
    refuse('a bomb of 1 GB', compressed(bomb(1_000_000_000)), 'tx_decompression_error', MALFORMED);
    refuse('a bomb of a MiB and a byte', compressed(bomb(1024 * 1024 + 1)), 'tx_decompression_error');
    refuse('zeros of a MiB', compressed(bomb(1024 * 1024)), MALFORMED);
    refuse(
      'a bomb as context-free data',
      compressed(deflateSync(encode(transactionSchema, plain())), bomb(50_000_000)),
      'tx_decompression_error',
    );
    const twice = deflateSync(bomb(100_000_000));
    refuse('a bomb in a bomb', compressed(twice), MALFORMED, 'tx_decompression_error');
  });

  it('of junk, cut streams and unknown kinds', () => {
    const deflated = deflateSync(encode(transactionSchema, plain()));
    refuse('junk', compressed(Uint8Array.from([1, 2, 3, 4])), 'tx_decompression_error');
    refuse('nothing', compressed(NO_DATA), 'tx_decompression_error');
    for (const length of [1, 2, 10, deflated.length - 5, deflated.length - 1]) {
      refuse(`cut at ${length}`, compressed(deflated.subarray(0, length)), 'tx_decompression_error');
    }
    refuse(
      'bytes behind the stream',
      compressed(Buffer.concat([deflated, Buffer.from([0])])),
      'tx_decompression_error',
    );
    const bytes = compressed(deflated);
    for (const kind of [2, 3, 128, 255]) {
      bytes[1] = kind;
      refuse(`compression ${kind}`, bytes, MALFORMED);
    }
  });
});

describe('signatures', () => {
  const key = (fill: number): PrivateKey => ({ type: 'K1', secret: new Uint8Array(32).fill(fill) });

  it('that are double, needless, missing, or of nobody', () => {
    const double = signed(plain());
    refuse(
      'the same twice',
      encode(packedTransactionSchema, { ...double, signatures: [...double.signatures, ...double.signatures] }),
      'tx_duplicate_sig',
    );
    const run = (what: string, keys: readonly PrivateKey[], ...codes: string[]) => {
      const result = checkTransaction(encode(packedTransactionSchema, signed(plain(), keys)), chainId, recover);
      if (result.kind !== 'verified') throw new Error(result.rejection.message);
      refused(report, ledger, what, () => ledger.strikeWith(result.checked.verified), ...codes);
    };
    run('none', [], 'unsatisfied_authorization');
    run('of a stranger', [key(3)], 'unsatisfied_authorization');
    run('of a stranger as well', [testPrivateKey, key(3)], 'tx_irrelevant_sig');
    run(
      'of 200 strangers',
      Array.from({ length: 200 }, (_, i) => key(i + 1)),
      'unsatisfied_authorization',
    );
  });

  it('that no key can have made', () => {
    const transaction = signed(plain());
    const withSignature = (bytes: Uint8Array) =>
      encode(packedTransactionSchema, { ...transaction, signatures: [bytes as Signature] });
    for (const [what, fill] of [
      ['zeros', 0],
      ['ones', 0xff],
    ] as const) {
      const bytes = new Uint8Array(66).fill(fill);
      for (const type of [0, 1]) {
        bytes[0] = type;
        refuse(`${what}, type ${type}`, withSignature(bytes), 'assert_exception');
      }
    }
    for (let recovery = 0; recovery < 256; recovery += 5) {
      const bytes = transaction.signatures[0]!.slice();
      bytes[1] = recovery;
      check('', withSignature(bytes), false);
    }
  });

  it('for another chain', () => {
    const packed = packTransaction(plain(), []);
    const other = sign(testPrivateKey, signingDigest(new Uint8Array(32), packed.packedTransaction));
    const result = checkTransaction(
      encode(packedTransactionSchema, { ...packed, signatures: [other] }),
      chainId,
      recover,
    );
    if (result.kind !== 'verified') throw new Error(result.rejection.message);
    refused(
      report,
      ledger,
      'another chain',
      () => ledger.strikeWith(result.checked.verified),
      'unsatisfied_authorization',
    );
  });
});

describe('place and time', () => {
  const attempt = (what: string, changes: Partial<Transaction>, ...codes: string[]) => {
    const transaction = ledger.transaction([actionOf('target', 'go', NO_DATA)], { with: changes });
    return refused(report, ledger, what, () => ledger.strikeWith(transaction), ...codes);
  };
  const nowSec = () => plain().expiration - 60;

  it('that are past, far, or on another branch', () => {
    attempt('expired', { expiration: nowSec() - 1 }, 'expired_tx_exception');
    attempt('expired in 1970', { expiration: 0 }, 'expired_tx_exception');
    attempt('in two hours', { expiration: nowSec() + 7200 }, 'tx_exp_too_far_exception');
    attempt('in 2106', { expiration: 0xffffffff }, 'tx_exp_too_far_exception');
    attempt('a block to come', { refBlockNum: 0xffff }, 'invalid_ref_block_exception');
    attempt('the wrong prefix', { refBlockPrefix: 1 }, 'invalid_ref_block_exception');
    attempt('delayed', { delaySec: 1 }, 'transaction_exception');
    attempt('delayed by 136 years', { delaySec: 0xffffffff }, 'transaction_exception');
    attempt('more NET words than there are', { maxNetUsageWords: 0xffffffff }, 'transaction_exception');
    attempt('one NET word', { maxNetUsageWords: 1 }, 'tx_net_usage_exceeded');
  });

  it('that were used already', () => {
    const transaction = ledger.transaction([actionOf('target', 'go', NO_DATA)]);
    expect(ledger.strikeWith(transaction).code).toBe('ok');
    refused(report, ledger, 'a replay', () => ledger.strikeWith(transaction), 'tx_duplicate');
    ledger.produceBlock();
    refused(report, ledger, 'a replay in the next block', () => ledger.strikeWith(transaction), 'tx_duplicate');
    // Other signatures or compression make no other transaction.
    const deflated = deflateSync(transaction.packed);
    const again = {
      ...transaction,
      received: { ...transaction.received, compression: 1 as const, packedTransaction: deflated },
    };
    refused(report, ledger, 'a replay, compressed', () => ledger.strikeWith(again), 'tx_duplicate');
  });

  it('of extensions that nobody knows, or that are malformed', () => {
    const extension = (type: number, length: number) => ({ type, data: new Uint8Array(length) });
    const code = 'invalid_transaction_extension';
    attempt('an unknown extension', { transactionExtensions: [extension(7, 4)] }, code);
    for (const length of [0, 7, 9, 100_000]) {
      attempt(`an edge extension of ${length} bytes`, { transactionExtensions: [extension(0x5350, length)] }, code);
    }
    attempt('two edge extensions', { transactionExtensions: [extension(0x5350, 8), extension(0x5350, 8)] }, code);
    const { code: outcome } = ledger.strike([actionOf('target', 'go', NO_DATA)], {
      transactionExtensions: [extension(0x5350, 8)],
    });
    expect(outcome).toBe('ok');
  });
});

describe('actions', () => {
  const attempt = (what: string, actions: readonly Action[], changes: Partial<Transaction>, ...codes: string[]) =>
    refused(report, ledger, what, () => ledger.strike(actions, changes), ...codes);

  it('of nobody, by nobody, and context-free with authority', () => {
    const free = actionOf('target', 'go', NO_DATA);
    attempt('to nobody', [actionOf('nobody', 'go', NO_DATA, 'alice')], {}, 'transaction_exception');
    attempt('by nobody', [actionOf('target', 'go', NO_DATA, 'nobody')], {}, 'transaction_exception');
    attempt(
      'with no such permission',
      [actionOf('target', 'go', NO_DATA, 'alice@nothing')],
      {},
      'transaction_exception',
    );
    attempt('without authorization', [{ ...free, authorization: [] }], {}, 'tx_no_auths');
    attempt('context-free with authority', [free], { contextFreeActions: [free] }, 'transaction_exception');
    attempt(
      'context-free to nobody',
      [free],
      { contextFreeActions: [{ ...actionOf('nobody', 'go', NO_DATA), authorization: [] }] },
      'transaction_exception',
    );
  });

  it('with more authorizations than can be checked', () => {
    const levels = Array(1024).fill('alice') as string[];
    const actions = Array.from({ length: 30 }, () => actionOf('target', 'go', NO_DATA, ...levels));
    attempt('30,720 authorizations', actions, {}, 'tx_cpu_usage_exceeded');
    const fewer = ledger.strike(actions.slice(0, 15));
    report.add('15,360 authorizations', Math.min(fewer.wallMs, fewer.cpuMs), fewer.code);
  });

  it('of the system with malformed data, cut at every byte', () => {
    const names = [
      'newaccount',
      'setcode',
      'setabi',
      'updateauth',
      'deleteauth',
      'linkauth',
      'unlinkauth',
      'canceldelay',
      'onerror',
      'onblock',
    ];
    const random = new Random(11);
    for (const action of names) {
      let longest = 0;
      for (let length = 0; length <= 48; length++) {
        for (const data of [new Uint8Array(length), Uint8Array.from({ length }, () => random.next() & 0xff)]) {
          const before = length % 12 === 0 ? ledger.fingerprint() : undefined;
          const strike = ledger.strike([actionOf('eosio', action, data, 'alice')]);
          longest = Math.max(longest, Math.min(strike.wallMs, strike.cpuMs));
          expect(strike.code, `${action} with ${length} bytes`).not.toBe('ok');
          if (before !== undefined) expect(ledger.fingerprint(), action).toBe(before);
        }
      }
      report.add(`98 malformed ${action}, the slowest`, longest);
    }
    attempt(
      'onblock by a user',
      [actionOf('eosio', 'onblock', new Uint8Array(200), 'alice')],
      {},
      'action_validate_exception',
    );
    attempt(
      'onerror by a user',
      [actionOf('eosio', 'onerror', new Uint8Array(200), 'alice')],
      {},
      'action_validate_exception',
    );
  });
});

it('public keys of the test are what the ledger expects', () => {
  expect(publicKeyOf(testPrivateKey).length).toBe(34);
});
