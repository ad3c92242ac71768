/**
 * An onlooker in a process of its own: follows the event stream of every node and notes when blocks become final there. A
 * node that is down is tried again. It answers to the process that started it (messages.ts).
 */
import { get } from 'node:http';
import { type FromOnlooker, type SeenFinal, type ToOnlooker, type WatchedNode, wallClockMs } from './messages.js';

const RETRY_MS = 25;

let finals: SeenFinal[] = [];

process.on('message', (message: ToOnlooker) => {
  switch (message.kind) {
    case 'open':
      for (const node of message.nodes) follow(node);
      send({ kind: 'ready' });
      break;
    case 'clear':
      finals = [];
      break;
    case 'take':
      send({ kind: 'report', finals });
      break;
  }
});
process.on('disconnect', () => process.exit(0));

function send(message: FromOnlooker): void {
  process.send!(message);
}

function follow(node: WatchedNode): void {
  let isOver = false;
  const again = () => {
    if (isOver) return;
    isOver = true;
    setTimeout(() => follow(node), RETRY_MS);
  };
  const request = get({ host: '127.0.0.1', port: node.port, path: '/v1/stream?topics=final' }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('error', again);
    response.on('close', again);
    response.on('data', (chunk: string) => {
      const atMs = wallClockMs();
      text += chunk;
      const end = text.lastIndexOf('\n\n');
      if (end < 0) return;
      for (const [, data] of text.slice(0, end + 1).matchAll(/^data: (.*)$/gm)) {
        const { num } = JSON.parse(data!) as { num?: number };
        if (num !== undefined) finals.push({ node: node.name, num, atMs });
      }
      text = text.slice(end + 2);
    });
  });
  request.on('error', again);
}
