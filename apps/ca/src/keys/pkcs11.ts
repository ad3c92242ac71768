/**
 * Keys in hardware (PKCS#11) through `pkcs11-tool` of OpenSC: a child process for each signature, so that no foreign code runs
 * in the CA and nothing has to be compiled. The PIN goes through the environment, where no list of processes shows it.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { equalBytes, type PublicKey, sha256, toHex } from '@snapscale/crypto';
import { decodePublicKey, encodeSignature, type Signer, verifySignature } from '@snapscale/sdk/certificates';
import { ConfigurationError } from '../failures.js';

/** Where a key is. */
export type DeviceKey = {
  /** Path of the module, as of SoftHSM or a card. */
  readonly module: string;
  readonly token: string | undefined;
  /** Label or id (hex) of the key. */
  readonly object: string | undefined;
  readonly id: string | undefined;
};

const TOOL = 'pkcs11-tool';
const TIMEOUT_MS = 20_000;
const PIN_VARIABLE = 'SNAPSCALE_CA_PIN_FOR_TOOL';
const OUTPUT_BYTES_MAX = 64 * 1024;

/** Reads `pkcs11:token=…;object=…?module-path=…` (RFC 7512). @throws ConfigurationError */
export function parseDeviceKey(uri: string): DeviceKey {
  const fail = (why: string): never => {
    throw new ConfigurationError(
      `${uri}: ${why} (as pkcs11:token=ca;object=north?module-path=/usr/lib/softhsm/libsofthsm2.so)`,
    );
  };
  const [, path = '', query = ''] = /^pkcs11:([^?]*)(?:\?(.*))?$/.exec(uri) ?? fail('this is no PKCS#11 URI');
  const fields = new Map<string, Buffer>();
  for (const part of [...path.split(';'), ...query.split('&')].filter((text) => text !== '')) {
    const [, name, value] = /^([a-z-]+)=(.*)$/.exec(part) ?? fail(`${part} is no field`);
    if (name === 'pin-value') fail('a PIN in the command line is seen by all: give SNAPSCALE_CA_PIN');
    fields.set(name!, decoded(value!) ?? fail(`${part} has a malformed escape`));
  }
  const text = (name: string) => fields.get(name)?.toString('utf8');
  const module = text('module-path') ?? fail('module-path is missing');
  const id = fields.get('id');
  if (text('object') === undefined && id === undefined) fail('object or id must say which key');
  return { module, token: text('token'), object: text('object'), id: id === undefined ? undefined : toHex(id) };
}

/** A signer with a key in a device. @throws ConfigurationError when it is not there, or another than the certificate’s */
export async function deviceSigner(uri: string, pin: string | undefined, expected: PublicKey): Promise<Signer> {
  const key = parseDeviceKey(uri);
  if (pin === undefined) throw new ConfigurationError(`${uri}: give its PIN by --pin-file FILE or SNAPSCALE_CA_PIN`);
  const found = await devicePublicKey(key, pin);
  if (!equalBytes(found, expected)) throw new ConfigurationError(`${uri} is another key than that of the certificate`);
  const id = key.id ?? (await idOf(key, pin));
  return {
    publicKey: expected,
    async sign(message) {
      const signature = await signInDevice({ ...key, object: undefined, id }, pin, sha256(message));
      // A device that signs something else must be noticed before a certificate leaves.
      if (!verifySignature(expected, message, signature))
        throw new Error(`${TOOL} gave a signature that is not by the key`);
      return signature;
    },
  };
}

/** The public key of a key in a device. @throws ConfigurationError */
export async function devicePublicKey(key: DeviceKey, pin: string): Promise<PublicKey> {
  try {
    const der = await withFiles(key, pin, ['--read-object', '--type', 'pubkey', '--output-file'], undefined);
    return decodePublicKey(new Uint8Array(der));
  } catch (error) {
    throw new ConfigurationError(
      `the key ${key.object ?? key.id} cannot be read from its device: ${(error as Error).message}`,
    );
  }
}

/** The id of the key with a label: the tool signs by id alone, and takes the first key where there is none. */
async function idOf(key: DeviceKey, pin: string): Promise<string> {
  let listed: string;
  try {
    listed = await runTool(['--list-objects', '--type', 'privkey', ...accessArguments(key)], pin);
  } catch (error) {
    throw new ConfigurationError(`the keys of a device cannot be listed: ${(error as Error).message}`);
  }
  const ids = listed.split(/^(?=Private Key Object)/m).flatMap((text) => {
    const label = /^ *label: +(.*)$/m.exec(text)?.[1]?.trim();
    return label === key.object ? (/^ *ID: +([\da-f]+)/m.exec(text)?.[1] ?? []) : [];
  });
  if (ids.length === 1) return ids[0]!;
  throw new ConfigurationError(
    `${ids.length} private keys with an id are called ${key.object} in the device: name the one by its id, as pkcs11:token=ca;id=%01`,
  );
}

async function signInDevice(key: DeviceKey, pin: string, digest: Uint8Array): Promise<Uint8Array> {
  const compact = await withFiles(key, pin, ['--sign', '--mechanism', 'ECDSA', '--output-file'], digest);
  if (compact.length !== 64) throw new Error(`${TOOL} gave a signature of ${compact.length} bytes`);
  return encodeSignature(new Uint8Array(compact));
}

/** Runs the tool with an output file, and an input file where there is something to read. */
async function withFiles(
  key: DeviceKey,
  pin: string,
  args: readonly string[],
  input: Uint8Array | undefined,
): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'snap-ca-'));
  try {
    const [inputFile, outputFile] = [join(folder, 'in'), join(folder, 'out')];
    const inputArgs = input === undefined ? [] : ['--input-file', inputFile];
    if (input !== undefined) await writeFile(inputFile, input);
    await runTool([...args, outputFile, ...inputArgs, ...keyArguments(key)], pin);
    return await readFile(outputFile);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function keyArguments(key: DeviceKey): string[] {
  const { object, id } = key;
  return [
    ...accessArguments(key),
    ...(object === undefined ? [] : ['--label', object]),
    ...(id === undefined ? [] : ['--id', id]),
  ];
}

function accessArguments({ module, token }: DeviceKey): string[] {
  const ofToken = token === undefined ? [] : ['--token-label', token];
  return ['--module', module, ...ofToken, '--login', '--pin', `env:${PIN_VARIABLE}`];
}

/** Runs the tool. Returns what it prints. */
function runTool(args: readonly string[], pin: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(TOOL, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, [PIN_VARIABLE]: pin },
      timeout: TIMEOUT_MS,
    });
    let [printed, said] = ['', ''];
    child.stdout.on('data', (bytes: Buffer) => {
      if (printed.length < OUTPUT_BYTES_MAX) printed += bytes.toString('utf8');
    });
    child.stderr.on('data', (bytes: Buffer) => {
      if (said.length < OUTPUT_BYTES_MAX) said += bytes.toString('utf8');
    });
    child.on('error', (error) => reject(new Error(`${TOOL} cannot be run (is OpenSC installed?): ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve(printed);
      else
        reject(new Error(`${TOOL} ended with ${code ?? 'a timeout'}: ${said.replaceAll(pin, '…').trim().slice(-300)}`));
    });
  });
}

/** Bytes of a text with escapes as `%20`; undefined when one is malformed. */
function decoded(text: string): Buffer | undefined {
  if (/%(?![\da-f]{2})/i.test(text)) return undefined;
  const parts = text.match(/%[\da-f]{2}|[^%]+/gi) ?? [];
  return Buffer.concat(
    parts.map((part) => (part.startsWith('%') ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part, 'utf8'))),
  );
}
