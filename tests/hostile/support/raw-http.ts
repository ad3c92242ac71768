/** Connections that behave as no client should. */
import { connect, type Socket } from 'node:net';

/** What came back on a connection. */
export type RawAnswer = { readonly text: string; readonly closed: boolean };

/** Far more than any answer takes, on any machine. */
const DEADLINE_MS = 20_000;

/** Opens a connection; rejects when it is refused. */
export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** Writes bytes and gives what comes back until the other side hangs up, or `until` holds for it. */
export async function exchange(
  port: number,
  bytes: string | Uint8Array,
  options: { readonly until?: (text: string) => boolean; readonly end?: boolean } = {},
): Promise<RawAnswer> {
  const { until = () => false, end = false } = options;
  const socket = await openSocket(port);
  let text = '';
  const closed = new Promise<boolean>((resolve) => {
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (until(text)) resolve(false);
    });
    socket.once('close', () => resolve(true));
    setTimeout(() => resolve(false), DEADLINE_MS).unref();
  });
  if (end) socket.end(bytes);
  else socket.write(bytes);
  const isClosed = await closed;
  socket.destroy();
  return { text, closed: isClosed };
}

/** Status codes of all answers in a text. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
}
