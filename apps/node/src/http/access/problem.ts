/** The answer to whom is refused: RFC 9457, and what clients of Antelope look for, in one body (ACC-4). */
import { accessChallenge, accessProblem, accessRefusals } from '@snapscale/api';
import { HttpFailure, statusWords } from '../server/failure.js';
import type { Refused } from './admit.js';

/** The failure for a refusal. `retryAfterMs` is for refusals that time ends. */
export function accessFailure({ code, detail, reason }: Refused, retryAfterMs?: number): HttpFailure {
  const problem = accessProblem(code, detail);
  const { status, title } = problem;
  const later = retryAfterMs === undefined ? {} : { transient: true, retry_after_ms: retryAfterMs };
  const body = {
    ...problem,
    advice: accessRefusals[code].advice,
    ...(reason === undefined ? {} : { reason }),
    message: statusWords(status),
    error: {
      code: 0,
      name: `snap_access_${code}`,
      what: title,
      details: [{ message: problem.detail, file: 'snapscale', line_number: 0, method: 'access' }],
      ...later,
    },
  };
  return new HttpFailure(status, body, {
    'content-type': 'application/problem+json',
    ...(status === 429 ? {} : { 'www-authenticate': accessChallenge(code) }),
    ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
  });
}
