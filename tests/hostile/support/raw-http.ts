/** Connections that behave as no client should. */
import { connect, type Socket } from 'node:net';

/** What came back on a connection. */
export type RawAnswer = { readonly text: string; readonly closed: boolean; readonly ms: number };

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

/** Writes bytes and gives what comes back until the other side hangs up or the time has passed. */
export async function exchange(
  port: number,
  bytes: string | Uint8Array,
  options: { readonly untilMs?: number; readonly end?: boolean } = {},
): Promise<RawAnswer> {
  const { untilMs = 2000, end = false } = options;
  const socket = await openSocket(port);
  const began = performance.now();
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  const closed = new Promise<boolean>((resolve) => {
    socket.once('close', () => resolve(true));
    setTimeout(() => resolve(false), untilMs).unref();
  });
  if (end) socket.end(bytes);
  else socket.write(bytes);
  const isClosed = await closed;
  socket.destroy();
  return { text, closed: isClosed, ms: performance.now() - began };
}

/** Status codes of all answers in a text. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
}
