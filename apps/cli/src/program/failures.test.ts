import { SnapError, type SnapErrorKind } from '@snapscale/sdk/errors';
import { describe, expect, test } from 'vitest';
import { AnnotatedError, configurationError, describeFailure, usageError } from './failures.js';
import { programName, withProgramName } from './invocation.js';

const url = 'http://localhost:8888';
const snap = (kind: SnapErrorKind, message: string, name = 'some_name', code = 3000001) =>
  new SnapError({ kind, code, name, what: 'what it means', details: [message, 'more'], hint: 'do this' });

test.each([
  ['failed', 1],
  ['duplicate', 1],
  ['invalid', 2],
  ['not-found', 3],
  ['unauthorized', 4],
  ['contract', 5],
  ['resources', 6],
  ['unreachable', 7],
  ['expired', 7],
  ['not-final', 8],
] as const)('%s ends with %i', (kind, code) => {
  expect(describeFailure(snap(kind, 'message'), url).exitCode).toBe(code);
});

test('errors of the command line have their own codes', () => {
  expect(describeFailure(usageError('no'), url)).toMatchObject({ exitCode: 2, title: 'no', hints: [] });
  expect(describeFailure(configurationError('no', 'fix'), url)).toMatchObject({ exitCode: 9, hints: ['fix'] });
});

describe('what is said', () => {
  test('the words of a contract are the contract’s', () => {
    const said = (message: string) => describeFailure(snap('contract', message), url).title;
    expect(said('assertion failure with message: overdrawn balance')).toBe('the contract refused: overdrawn balance');
    expect(said('assertion failure with message: ')).toBe('the contract refused: (no reason given)');
    expect(said('assertion failure with error code: 12')).toBe('the contract refused with error code 12');
  });

  test('other details follow, and the number in EOSIO', () => {
    const failure = describeFailure(snap('failed', 'first'), url);
    expect(failure).toMatchObject({
      title: 'first',
      lines: ['more'],
      reference: 'some_name (3000001)',
      hints: ['do this'],
    });
  });

  test('a node that does not answer: here it is started, elsewhere the address is looked at', () => {
    const error = snap('unreachable', 'no answer', 'unreachable', 0);
    expect(describeFailure(error, url).hints[0]).toContain('npm start');
    expect(describeFailure(error, 'https://node.example').hints[0]).toContain('address');
    expect(describeFailure(error, 'http://localhost.example').hints[0]).toContain('address');
  });

  test('what a command knows comes first', () => {
    const error = new AnnotatedError(snap('contract', 'x'), { title: 'better', hints: ['h'], values: { missing: 1 } });
    const failure = describeFailure(error, url);
    expect(failure).toMatchObject({ title: 'better', hints: ['h'], exitCode: 5 });
    expect(failure.problem).toMatchObject({ detail: 'better', missing: 1, fix: ['h'] });
  });

  test('the problem document', () => {
    expect(describeFailure(snap('contract', 'x'), url).problem).toEqual({
      type: 'urn:snapscale:error:some_name',
      title: 'what it means',
      detail: 'x',
      code: 3000001,
      name: 'some_name',
      kind: 'contract',
      exit_code: 5,
      transient: false,
      details: ['x', 'more'],
      fix: ['do this'],
    });
  });

  test('anything else that is thrown', () => {
    expect(describeFailure(new TypeError('odd'), url)).toMatchObject({ exitCode: 1, title: 'odd' });
    expect(describeFailure('odd', url)).toMatchObject({ exitCode: 1, title: 'odd' });
  });
});

test('commands are suggested as they were called', () => {
  expect(programName({ npm_command: 'exec' })).toBe('npx snapscale');
  expect(programName({})).toBe('snapscale');
  expect(withProgramName('Run: snapscale key import', 'npx snapscale')).toBe('Run: npx snapscale key import');
  expect(withProgramName('/home/me/.config/snapscale and snapscale', 'npx snapscale')).toBe(
    '/home/me/.config/snapscale and snapscale',
  );
});
