/** Small questions to a node. */

export type Info = {
  readonly head: number;
  readonly final: number;
  readonly headProducer: string;
  readonly headSlotMs: number;
};

const TIMEOUT_MS = 3000;

/** Posts JSON; undefined when the node does not answer, or not with success. */
export async function ask<T>(url: string, path: string, body: unknown = {}): Promise<T | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body), signal });
    return response.ok ? ((await response.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}

/** Where a node stands; undefined when it does not answer. */
export async function infoOf(url: string): Promise<Info | undefined> {
  const info = await ask<{
    head_block_num: number;
    last_irreversible_block_num: number;
    head_block_producer: string;
    head_block_time: string;
  }>(url, '/v1/chain/get_info');
  return (
    info && {
      head: info.head_block_num,
      final: info.last_irreversible_block_num,
      headProducer: info.head_block_producer,
      headSlotMs: Date.parse(`${info.head_block_time}Z`),
    }
  );
}

/** Looks again and again; undefined when it does not hold within the time. */
export async function within<T>(
  timeoutMs: number,
  holds: () => Promise<T | undefined | false> | T | undefined | false,
  intervalMs = 50,
): Promise<T | undefined> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    const found = await holds();
    if (found !== undefined && found !== false) return found;
    await pause(intervalMs);
  }
  return undefined;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
