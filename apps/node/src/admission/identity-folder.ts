/**
 * Replaces a node's identity on disk so that a crash at any moment leaves a certificate and the key that belongs to it: the new
 * files are complete in a folder beside the old ones before the first of them takes its place.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Identity, openIdentity } from '../p2p/identity.js';
import { identityFiles } from '../p2p/identity-files.js';
import { fsyncDirectorySync, writeFileAtomicSync } from '../store/atomic-write.js';

const NEXT = 'next';
/** It is there once all files of the new identity are. */
const COMPLETE = 'complete';

/** Writes another identity in place of the one in `directory`. @throws Error; the old one is then in place still */
export function writeIdentity(directory: string, identity: Identity): void {
  openIdentity(identity);
  const next = join(directory, NEXT);
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true, mode: 0o700 });
  const files = identityFiles(next);
  const write = (path: string, text: string) => writeFileAtomicSync(path, new TextEncoder().encode(text));
  write(files.privateKey, identity.privateKey);
  write(files.certificate, identity.certificate);
  writeFileAtomicSync(files.authorities, authoritiesBytes(identity.authorities));
  write(join(next, COMPLETE), '');
  fsyncDirectorySync(directory);
  finishIdentity(directory);
}

/** Writes other roots. Certificate and key stay as they are, also if somebody replaces them at the same moment. @throws Error */
export function writeAuthorities(directory: string, authorities: readonly string[]): void {
  writeFileAtomicSync(identityFiles(directory).authorities, authoritiesBytes(authorities));
}

function authoritiesBytes(authorities: readonly string[]): Uint8Array {
  return new TextEncoder().encode(authorities.map((pem) => `${pem.trim()}\n`).join(''));
}

/**
 * Ends what a crash has interrupted: a new identity that is complete takes its place, one that is not goes. To be called before
 * the identity is read, by the node alone.
 */
export function finishIdentity(directory: string): void {
  const next = join(directory, NEXT);
  if (!existsSync(next)) return;
  if (existsSync(join(next, COMPLETE))) {
    for (const path of Object.values(identityFiles(next))) {
      // Those that are gone were moved before the crash.
      if (existsSync(path)) renameSync(path, join(directory, basename(path)));
    }
    fsyncDirectorySync(directory);
  }
  rmSync(next, { recursive: true, force: true });
}
