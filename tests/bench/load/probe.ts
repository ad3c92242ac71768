/**
 * An onlooker in a process of its own: asks for get_info at fixed times, whether or not the last answer has come, and
 * notes when blocks become final. It answers to the process that started it (messages.ts).
 */
import { get } from 'node:http';
import { Connection } from './connection.js';
import { type FromProbe, type ToProbe, wallClockMs } from './messages.js';

const request = Buffer.from('GET /v1/chain/get_info HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 'latin1');

let infoMs: number[] = [];
let finals: [number, number][] = [];
let failures = 0;
const idle: Connection[] = [];

process.on('message', (message: ToProbe) => {
  switch (message.kind) {
    case 'open':
      followFinality(message.port);
      pollInfo(message.port, message.intervalMs);
      send({ kind: 'ready' });
      break;
    case 'take':
      send({ kind: 'report', report: { infoMs, finals, failures } });
      infoMs = [];
      finals = [];
      failures = 0;
      break;
    case 'exit':
      process.exit(0);
  }
});
process.on('disconnect', () => process.exit(0));

function send(message: FromProbe): void {
  process.send!(message);
}

function pollInfo(port: number, intervalMs: number): void {
  let dueMs = wallClockMs();
  const ask = () => {
    const due = dueMs;
    dueMs += intervalMs;
    void measure(port, due);
    setTimeout(ask, Math.max(0, dueMs - wallClockMs()));
  };
  ask();
}

async function measure(port: number, dueMs: number): Promise<void> {
  // A late timer is this process' own lateness, not the node's.
  const beganMs = Math.max(dueMs, wallClockMs());
  try {
    // The server may close an idle connection at the moment when it is used again: that is asked a second time.
    const known = idleConnection();
    const asked =
      known === undefined
        ? undefined
        : await known.send(request).then(
            (answer) => ({ known, answer }),
            () => undefined,
          );
    const connection = asked?.known ?? (await Connection.open(port));
    const { status } = asked?.answer ?? (await connection.send(request));
    if (status !== 200) failures++;
    infoMs.push(wallClockMs() - beganMs);
    idle.push(connection);
  } catch {
    failures++;
  }
}

/** The server closes connections that were not used for a while. */
function idleConnection(): Connection | undefined {
  for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
    if (connection.isOpen) return connection;
  }
  return undefined;
}

function followFinality(port: number): void {
  const stream = get({ host: '127.0.0.1', port, path: '/v1/stream?topics=final' }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('error', () => {});
    response.on('data', (chunk: string) => {
      text += chunk;
      const end = text.lastIndexOf('\n\n');
      if (end < 0) return;
      for (const [, data] of text.slice(0, end + 1).matchAll(/^data: (.*)$/gm)) {
        const { num } = JSON.parse(data!) as { num?: number };
        if (num !== undefined) finals.push([num, wallClockMs()]);
      }
      text = text.slice(end + 2);
    });
  });
  stream.on('error', () => {});
}
