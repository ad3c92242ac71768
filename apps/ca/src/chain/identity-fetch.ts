/**
 * How the CA shows itself to nodes that let members alone write: with an identity of its organisation, as that of its node. The
 * folder is read again when it has changed, so that a renewed certificate is used at once.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type MemberIdentity, memberFetch, memberIdentity } from '@snapscale/sdk/identity';
import { ConfigurationError } from '../failures.js';
import { readAs } from '../files/ca-files.js';
import type { FetchLike } from './chain-access.js';

/** Names of the files: of a node's identity, and of one of the CLI. */
const fileNames = [
  ['node.pem', 'node.key'],
  ['certificate.pem', 'private.key'],
] as const;
const LOOK_MS = 5000;

/** A `fetch` for a node whose requests carry the identity in a folder. @throws ConfigurationError when there is none */
export function identityFetch(nodeUrl: string, folder: string, fetch: FetchLike): FetchLike {
  const ports = { nowMs: Date.now, randomBytes: (size: number) => new Uint8Array(randomBytes(size)), nodeUrl };
  const [certificateFile, keyFile] = filesOf(folder);
  const asIdentity = () => memberFetch(fetch, readIdentity(certificateFile, keyFile), ports);
  let changed = statSync(certificateFile).mtimeMs;
  let lookedMs = Date.now();
  let current = asIdentity();
  return ((target, init) => {
    if (Date.now() > lookedMs + LOOK_MS) {
      lookedMs = Date.now();
      const now = statSync(certificateFile, { throwIfNoEntry: false })?.mtimeMs ?? changed;
      if (now !== changed) {
        try {
          current = asIdentity();
          changed = now;
        } catch {
          // In the middle of being replaced: the one in use is still good, and this is tried again.
        }
      }
    }
    return current(target, init);
  }) satisfies FetchLike;
}

function filesOf(folder: string): readonly [string, string] {
  const found = fileNames.find(([certificate]) => existsSync(join(folder, certificate)));
  if (found !== undefined) return [join(folder, found[0]), join(folder, found[1])];
  throw new ConfigurationError(`--identity ${folder}: there is no node.pem and no certificate.pem`);
}

function readIdentity(certificateFile: string, keyFile: string): MemberIdentity {
  const certificate = readAs(certificateFile, (text) => text);
  return readAs(keyFile, (key) => memberIdentity({ certificate, key }));
}
