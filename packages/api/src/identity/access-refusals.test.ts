import { expect, it } from 'vitest';
import { accessChallenge, accessProblem, accessRefusalOf, accessRefusals } from './access-refusals.js';

it('every refusal makes an answer that clients read back', () => {
  for (const code of Object.keys(accessRefusals) as (keyof typeof accessRefusals)[]) {
    const problem = accessProblem(code);
    expect(problem.type).toBe(`urn:snap:problem:${code}`);
    expect(accessRefusalOf(problem)).toBe(code);
    expect(accessChallenge(code)).toMatch(
      /^Bearer realm="snap"(, error="\w+", error_description="[\x20\x21\x23-\x5b\x5d-\x7e]+")?$/,
    );
  }
  expect(accessProblem('replayed', 'in this case').detail).toBe('in this case');
});

it.each([undefined, null, 'text', [], {}, { type: 7 }, { type: 'urn:snap:problem:toString' }, { type: 'about:blank' }])(
  'other bodies have no code: %s',
  (body) => {
    expect(accessRefusalOf(body)).toBeUndefined();
  },
);
