import { ApiError, TransportError } from '@snapscale/api';
import { FormatError, Reject } from '@snapscale/protocol';
import { describe, expect, test } from 'vitest';
import { exceptionOf, SnapError, toSnapError } from './errors.js';

function apiError(status: number, code: number, name: string, message: string): ApiError {
  const error = { code, name, what: 'what it means', details: [{ message, file: '', line_number: 0, method: '' }] };
  return new ApiError('/v1/chain/x', status, { code: status, message: '', error });
}

describe('toSnapError', () => {
  test.each([
    ['contract', 500, 3050003, 'eosio_assert_message_exception', 'assertion failure with message: overdrawn balance'],
    ['unauthorized', 500, 3090003, 'unsatisfied_authorization', 'transaction declares authority …'],
    ['unauthorized', 500, 3090004, 'missing_auth_exception', 'missing authority of bob'],
    ['resources', 500, 3080001, 'ram_usage_exceeded', 'account alice has insufficient ram'],
    ['resources', 402, 3990001, 'snap_insufficient_credit', 'no credit'],
    ['expired', 500, 3040005, 'expired_tx_exception', 'expired'],
    ['duplicate', 409, 3040008, 'tx_duplicate', 'duplicate'],
    ['unreachable', 503, 3990005, 'snap_queue_full', 'too many'],
    ['unreachable', 429, 0, 'exception', 'slow down'],
    ['unauthorized', 401, 0, 'snap_access_freshness', 'the token is too old'],
    ['unauthorized', 403, 0, 'snap_access_role', 'auditors do not write'],
    ['not-found', 400, 3100002, 'unknown_block_exception', 'Could not find block: 9'],
    ['not-found', 500, 3060003, 'contract_table_query_exception', 'Table x is not specified in the ABI'],
    ['not-found', 404, 0, 'exception', 'Unknown Endpoint'],
    ['invalid', 400, 3200006, 'invalid_http_request', 'limit must be a whole number'],
    ['invalid', 500, 3010001, 'name_type_exception', 'Name not properly normalized'],
    ['failed', 500, 3050001, 'account_name_exists_exception', 'taken'],
  ] as const)('%s: %i %i %s', (kind, status, code, name, message) => {
    const error = toSnapError(apiError(status, code, name, message));
    expect(error).toMatchObject({ kind, code, name, message, what: 'what it means', details: [message] });
  });

  test('an account that does not exist is not found, in every wording of nodeos', () => {
    for (const text of ['unknown key (eosio::chain::name): nobody', 'Fail to retrieve account for nobody']) {
      expect(toSnapError(apiError(500, 0, 'exception', text))).toMatchObject({
        kind: 'not-found',
        name: 'account_query_exception',
        message: 'account nobody does not exist',
        evidence: { account: 'nobody' },
      });
    }
  });

  test('no answer is unreachable, worth another try, and keeps its cause', () => {
    const error = toSnapError(
      new TransportError('/v1/chain/get_info', 'no answer from http://x', new Error('refused')),
    );
    expect(error).toMatchObject({ kind: 'unreachable', transient: true, message: 'no answer from http://x' });
    expect(error.cause).toBeInstanceOf(TransportError);
  });

  test('what encoders and parsers refuse is invalid; anything else is a failure; SnapErrors stay', () => {
    expect(toSnapError(new FormatError('not a name')).kind).toBe('invalid');
    const rejected = toSnapError(new Reject({ code: 'pack_exception', message: 'Missing field' }));
    expect(rejected).toMatchObject({ kind: 'invalid', name: 'pack_exception' });
    expect(rejected.hint).toContain('ABI');
    expect(toSnapError('odd')).toMatchObject({ kind: 'failed', message: 'odd' });
    expect(toSnapError(rejected)).toBe(rejected);
  });
});

test('exceptionOf reads `except` of a trace', () => {
  expect(exceptionOf(null)).toBeUndefined();
  expect(exceptionOf({ odd: 1 })).toBeUndefined();
  const error = exceptionOf({
    code: 3050003,
    name: 'eosio_assert_message_exception',
    message: 'eosio_assert_message assertion failure',
    stack: [{ format: 'assertion failure with message: no', data: { where: 'here', n: 1 } }],
  });
  expect(error).toBeInstanceOf(SnapError);
  expect(error).toMatchObject({
    kind: 'contract',
    message: 'assertion failure with message: no',
    evidence: { where: 'here' },
  });
});
