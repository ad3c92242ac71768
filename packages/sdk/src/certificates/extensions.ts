/** Writing the extensions of certificates and revocation lists. */
import { extendedUsageOids, extensionOids, type KeyUsage, keyUsages } from './certificate.js';
import {
  asciiBytes,
  bitString,
  contextTag,
  der,
  octetString,
  oid,
  sequence,
  smallInteger,
  tags,
} from './encoding/der.js';

type Identifier = keyof typeof extensionOids;

/** An extension; `isCritical` when whoever does not understand it must refuse the whole. */
export function extension(identifier: Identifier, value: Uint8Array, isCritical = false): Uint8Array {
  const critical = isCritical ? [der(tags.boolean, Uint8Array.of(0xff))] : [];
  return sequence(oid(extensionOids[identifier]), ...critical, octetString(value));
}

/** Says whether the holder may issue, and how many authorities may follow. */
export function basicConstraints(pathLength: number | undefined): Uint8Array {
  const content = pathLength === undefined ? [] : [der(tags.boolean, Uint8Array.of(0xff)), smallInteger(pathLength)];
  return extension('basicConstraints', sequence(...content), true);
}

export function keyUsage(usages: readonly KeyUsage[]): Uint8Array {
  const bits = usages.reduce((sum, usage) => sum | (0x80 >> keyUsages.indexOf(usage)), 0);
  const unused = 31 - Math.clz32(bits & -bits);
  return extension('keyUsage', bitString(Uint8Array.of(bits), unused), true);
}

export function extendedKeyUsage(usages: readonly (keyof typeof extendedUsageOids)[]): Uint8Array {
  return extension('extendedKeyUsage', sequence(...usages.map((usage) => oid(extendedUsageOids[usage]))));
}

export function subjectKeyId(identifier: Uint8Array): Uint8Array {
  return extension('subjectKeyId', octetString(identifier));
}

export function authorityKeyId(identifier: Uint8Array): Uint8Array {
  return extension('authorityKeyId', sequence(der(contextTag(0, 'primitive'), identifier)));
}

/** Where the revocation list is. */
export function crlUrl(url: string): Uint8Array {
  const name = der(contextTag(6, 'primitive'), asciiBytes(url));
  return extension('crlUrls', sequence(sequence(der(contextTag(0), der(contextTag(0), name)))));
}
