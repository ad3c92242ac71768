/** What a node says of itself over HTTP, for the table of all. */
import http from 'node:http';

/** A node that does not answer within this time is shown without figures, milliseconds. */
const TIMEOUT_MS = 1500;

export type Probe = {
  readonly head: number;
  readonly final: number;
  /** Age of the newest block, milliseconds. */
  readonly headAgeMs: number;
  readonly peers: number | undefined;
  /** What is not well, in words. */
  readonly complaints: readonly string[];
};

type Health = {
  readonly head_block_num: number;
  readonly final_block_num: number;
  readonly head_age_ms: number;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
};

/** Asks a node; undefined when it does not answer. */
export async function probe(port: number): Promise<Probe | undefined> {
  try {
    const [health, metrics] = await Promise.all([get(port, '/v1/node/health'), get(port, '/metrics')]);
    const {
      head_block_num: head,
      final_block_num: final,
      head_age_ms: headAgeMs,
      checks,
    } = JSON.parse(health) as Health;
    const peers = /^snapscale_peers(?:\{\})? (\d+)$/m.exec(metrics)?.[1];
    return {
      head,
      final,
      headAgeMs,
      peers: peers === undefined ? undefined : Number(peers),
      complaints: checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`),
    };
  } catch {
    return undefined;
  }
}

function get(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, agent: false, timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => (text += piece));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on('error', reject);
  });
}
