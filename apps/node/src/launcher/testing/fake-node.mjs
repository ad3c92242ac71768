// Stands for a node in tests of the launcher: takes its command line, answers its figures, obeys its messages. Blocks are
// counted by the questions. A file `fails` in its data directory makes it fail with that text.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    port: { type: 'string' },
    'peer-port': { type: 'string' },
    peers: { type: 'string', default: '' },
    'log-level': { type: 'string' },
    'tls-port': { type: 'string' },
    ca: { type: 'string' },
    admission: { type: 'string' },
  },
});
mkdirSync(values.data, { recursive: true });
const fails = join(values.data, 'fails');
if (existsSync(fails)) {
  process.stderr.write('{"level":60,"time":"2030-01-01T00:00:00.000Z","msg":"it is broken"}\n');
  process.send({ kind: 'failed', message: readFileSync(fails, 'utf8') });
  process.exit(1);
}

let asked = 10;
let cutOff = 0;
process.on('message', (message) => {
  if (message.kind === 'isolate') cutOff = message.nodes.length;
});
process.channel?.unref();
process.on('SIGTERM', () => {
  process.stdout.write('Stopped.\n');
  process.exit(0);
});

const server = createServer((request, response) => {
  if (request.url === '/metrics') {
    const others = values.peers === '' ? 0 : values.peers.split(',').length;
    response.end(`# TYPE snapscale_peers gauge\nsnapscale_peers ${others - cutOff}\n`);
  } else {
    asked++;
    response.end(JSON.stringify({ head_block_num: asked, final_block_num: asked - 1, head_age_ms: 1, checks: [] }));
  }
});
const genesis = join(values.data, 'genesis.json');
server.listen(Number(values.port), '127.0.0.1', () => {
  writeFileSync(genesis, JSON.stringify({ ...JSON.parse(readFileSync(genesis, 'utf8')), founded: true }));
  process.send({ kind: 'ready', url: `http://127.0.0.1:${values.port}`, peerPort: Number(values['peer-port']) });
});
