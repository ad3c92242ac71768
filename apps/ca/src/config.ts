/** What the CA was asked to do: the command line and the environment, checked. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { CaOptions } from './ca.js';
import { ConfigurationError } from './failures.js';
import { readPassphrase, readPin } from './keys/authority-key.js';

/** The configuration without what tests add. */
export type CaConfig = Omit<CaOptions, 'log' | 'chain' | 'nowMs' | 'roundMs'> & { readonly logLevel: string };

export const usage = `Usage: node apps/ca/dist/main.js --data DIR --node URL [--port N] [--tls-port N] [options]

Runs the certificate authority of one organisation or several: takes requests for certificates,
has them approved, signs them and enters them on chain (snap.ca), publishes revocation lists.

  --data DIR          a folder for each organisation (ca.json, issuing.pem, issuing.key, roots.pem,
                      chain.key), and root/ where this is also the consortium's root
  --node URL          a node of the chain; several times: the next is used when one does not answer
                      (default: http://localhost:8888)
  --identity DIR      shown to nodes that let members alone write: the folder of a node's identity, or
                      of one of the CLI              (default: none)
  --port N            plain HTTP, on this machine only, 0 = any free one  (default: none)
  --tls-port N        HTTPS, 0 = any free one     (default: none; one of the two is needed)
  --host ADDRESS      address for HTTPS           (default: 127.0.0.1)
  --names LIST        names and addresses in the CA's own certificate, with commas
  --passphrase-file F opens the keys; or SNAPSCALE_CA_PASSPHRASE, or the file DIR/passphrase
  --key NAME=URI      the key of an organisation (or of root) is in a device:
                      north=pkcs11:token=ca;object=north?module-path=/usr/lib/softhsm/libsofthsm2.so
                      (north+next=…: the key that is to follow, for a rotation)
  --pin-file F        PIN of the device; or SNAPSCALE_CA_PIN
  --rate N            requests a second of one address that are looked at (default: 5)
  --log-level L       fatal|error|warn|info|debug|trace  (default: info)
  --help              this text
`;

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'];

/** Parses the arguments after the program's name. Undefined when help was asked for. @throws ConfigurationError */
export function parseConfig(args: readonly string[], environment: NodeJS.ProcessEnv): CaConfig | undefined {
  const values = parsed(args);
  if (values.help === true) return undefined;
  if (values.data === undefined)
    throw new ConfigurationError('--data DIR is missing: it says where the CA keeps its files');
  const directory = resolve(values.data.replace(/^~(?=\/|$)/, homedir()));
  const [port, tlsPort] = [portOf('--port', values.port), portOf('--tls-port', values['tls-port'])];
  if (port === undefined && tlsPort === undefined) {
    throw new ConfigurationError('give --port N, --tls-port N, or both: otherwise nobody can reach the CA');
  }
  const nodes = values.node ?? ['http://localhost:8888'];
  for (const node of nodes) {
    if (!/^https?:\/\/[^\s/]+/.test(node) || !URL.canParse(node)) {
      throw new ConfigurationError(`--node ${node}: this is no address like http://localhost:8888`);
    }
  }
  const logLevel = values['log-level'] ?? 'info';
  if (!levels.includes(logLevel)) throw new ConfigurationError(`--log-level ${logLevel}: one of ${levels.join(', ')}`);
  return {
    directory,
    port,
    tlsPort,
    host: values.host ?? '127.0.0.1',
    hosts: (values.names ?? '').split(',').filter((name) => name !== ''),
    nodes,
    identity: values.identity === undefined ? undefined : resolve(values.identity),
    logLevel,
    rate: rateOf(values.rate),
    keys: {
      passphrase: readPassphrase(directory, values['passphrase-file'], environment.SNAPSCALE_CA_PASSPHRASE),
      devices: devicesOf(values.key ?? []),
      pin: readPin(values['pin-file'], environment.SNAPSCALE_CA_PIN),
    },
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        node: { type: 'string', multiple: true },
        identity: { type: 'string' },
        port: { type: 'string' },
        'tls-port': { type: 'string' },
        host: { type: 'string' },
        names: { type: 'string' },
        'passphrase-file': { type: 'string' },
        rate: { type: 'string' },
        key: { type: 'string', multiple: true },
        'pin-file': { type: 'string' },
        'log-level': { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new ConfigurationError(`${(error as Error).message} (--help shows all options)`);
  }
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new ConfigurationError(`${option} ${text}: a port is a number from 0 to 65535`);
}

function rateOf(text = '5'): number {
  const rate = Number(text);
  if (/^\d{1,6}$/.test(text) && rate > 0) return rate;
  throw new ConfigurationError(`--rate ${text}: it must be a number of requests a second, from 1 on`);
}

function devicesOf(keys: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    keys.map((text): [string, string] => {
      const [, name, uri] = /^([a-z1-5.]+(?:\+next)?)=(pkcs11:.+)$/.exec(text) ?? [];
      if (name === undefined)
        throw new ConfigurationError(`--key ${text}: it must look like north=pkcs11:token=…;object=…?module-path=…`);
      return [name, uri!];
    }),
  );
}
