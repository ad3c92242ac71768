// Stands for the certificate authority in tests of the launcher. A file `fails` beside its directory makes it fail.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    port: { type: 'string' },
    'tls-port': { type: 'string' },
    identity: { type: 'string' },
    node: { type: 'string', multiple: true },
  },
});
if (existsSync(`${values.data}.fails`)) process.exit(1);
process.on('SIGTERM', () => process.exit(0));
setInterval(() => undefined, 1000);
process.send({ kind: 'ready' });
