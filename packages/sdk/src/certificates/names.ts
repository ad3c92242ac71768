/** Names in certificates: of subject and issuer (X.501), and the alternative names that say what a member is. */
import { accountUri, nodeUri, organisationUri, roleUri } from '@snapscale/api';
import { failCertificate } from './certificate-error.js';
import { asciiBytes, contextTag, DerReader, der, oid, sequence, setOf, tags, utf8String } from './encoding/der.js';
import { formatAddress, parseAddress } from './encoding/ip-address.js';

/** A name of subject or issuer. Two are the same when their encodings are. */
export type DistinguishedName = {
  /** In order, as `['CN', 'north-1']`; the identifier where the attribute has no usual name. */
  readonly attributes: readonly (readonly [string, string])[];
  readonly encoding: Uint8Array;
};

/** The alternative names of a certificate or request, by what they say. */
export type SubjectNames = {
  readonly nodes: readonly string[];
  readonly organisations: readonly string[];
  /** As they stand there: also roles that nobody knows. */
  readonly roles: readonly string[];
  readonly accounts: readonly string[];
  readonly dns: readonly string[];
  readonly addresses: readonly string[];
  /** All others, as text. */
  readonly others: readonly string[];
};

export const noNames: SubjectNames = {
  nodes: [],
  organisations: [],
  roles: [],
  accounts: [],
  dns: [],
  addresses: [],
  others: [],
};

const attributeOids = {
  CN: '2.5.4.3',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
} as const;
const attributeNames = new Map(Object.entries(attributeOids).map(([name, identifier]) => [identifier as string, name]));
const ATTRIBUTES_MAX = 16;
const NAMES_MAX = 64;
const prefixes = { nodes: nodeUri, organisations: organisationUri, roles: roleUri, accounts: accountUri } as const;

/** Makes a name of a common name and an organisation. */
export function encodeDistinguishedName(commonName: string, organisation?: string): Uint8Array {
  const attribute = (identifier: string, text: string) => setOf(sequence(oid(identifier), utf8String(text)));
  return sequence(
    attribute(attributeOids.CN, checkText(commonName, 'common name')),
    ...(organisation === undefined ? [] : [attribute(attributeOids.O, checkText(organisation, 'organisation'))]),
  );
}

/** Reads a name. @throws CertificateError */
export function readDistinguishedName(reader: DerReader): DistinguishedName {
  const { content, encoding } = reader.value(tags.sequence);
  const sets = new DerReader(content, 'name');
  const attributes: [string, string][] = [];
  while (!sets.isAtEnd) {
    const set = sets.enter(tags.set);
    do {
      const pair = set.enter(tags.sequence);
      const identifier = pair.oid();
      const value = pair.any();
      pair.end();
      attributes.push([attributeNames.get(identifier) ?? identifier, textOf(value.content)]);
      if (attributes.length > ATTRIBUTES_MAX)
        failCertificate('too_large', `a name has more than ${ATTRIBUTES_MAX} parts`);
    } while (!set.isAtEnd);
  }
  return { attributes, encoding };
}

/** A name as text: `CN=north-1,O=north`. Characters that mean something there, and those that do not print, are escaped. */
export function formatDistinguishedName({ attributes }: DistinguishedName): string {
  return attributes.map(([name, value]) => `${name}=${value.replace(/[,+"\\<>;=]/g, '\\$&')}`).join(',');
}

/** The common name; empty when there is none. */
export function commonNameOf({ attributes }: DistinguishedName): string {
  return attributes.find(([name]) => name === 'CN')?.[1] ?? '';
}

/** What alternative names can be made of. */
export type NamesToWrite = {
  readonly node?: string | undefined;
  readonly organisation?: string | undefined;
  readonly account?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  /** DNS names and IP addresses. */
  readonly hosts?: readonly string[] | undefined;
};

/** `GeneralNames` of what a member is; undefined when it would be empty. @throws CertificateError for what is no name */
export function encodeSubjectNames(names: NamesToWrite): Uint8Array | undefined {
  const { node, organisation, account, roles = [], hosts = [] } = names;
  const uris = [
    ...(node === undefined ? [] : [nodeUri + node]),
    ...(organisation === undefined ? [] : [organisationUri + organisation]),
    ...roles.map((role) => roleUri + role),
    ...(account === undefined ? [] : [accountUri + account]),
  ];
  const hostNames = [...new Set([...(node === undefined ? [] : [node]), ...hosts])];
  const encoded = [
    ...hostNames.map((host) => {
      const address = parseAddress(host);
      return address === undefined
        ? der(contextTag(2, 'primitive'), asciiBytes(checkHost(host)))
        : der(contextTag(7, 'primitive'), address);
    }),
    ...uris.map((uri) => der(contextTag(6, 'primitive'), asciiBytes(checkUri(uri)))),
  ];
  if (encoded.length > NAMES_MAX) failCertificate('too_large', `${encoded.length} names, at most ${NAMES_MAX}`);
  return encoded.length === 0 ? undefined : sequence(...encoded);
}

/** Reads `GeneralNames`. @throws CertificateError */
export function decodeSubjectNames(bytes: Uint8Array): SubjectNames {
  const outer = new DerReader(bytes, 'alternative names');
  const reader = outer.enter(tags.sequence);
  outer.end();
  const found = { nodes: [], organisations: [], roles: [], accounts: [], dns: [], addresses: [], others: [] } as {
    [Key in keyof SubjectNames]: string[];
  };
  for (let count = 0; !reader.isAtEnd; count++) {
    if (count === NAMES_MAX) failCertificate('too_large', `there are more than ${NAMES_MAX} alternative names`);
    const { tag, content } = reader.any();
    if (tag === contextTag(2, 'primitive')) found.dns.push(textOf(content));
    else if (tag === contextTag(7, 'primitive')) found.addresses.push(formatAddress(content));
    else if (tag === contextTag(6, 'primitive')) sortUri(found, textOf(content));
    else found.others.push(tag === contextTag(1, 'primitive') ? textOf(content) : `[${tag & 0x1f}]`);
  }
  return found;
}

/** URIs of a `GeneralNames`, for distribution points. @throws CertificateError */
export function urisOf(reader: DerReader): string[] {
  const uris: string[] = [];
  while (!reader.isAtEnd) {
    const { tag, content } = reader.any();
    if (tag === contextTag(6, 'primitive')) uris.push(textOf(content));
  }
  return uris;
}

function sortUri(found: { [Key in keyof SubjectNames]: string[] }, uri: string): void {
  for (const [kind, prefix] of Object.entries(prefixes)) {
    if (uri.startsWith(prefix)) {
      found[kind as keyof typeof prefixes].push(uri.slice(prefix.length));
      return;
    }
  }
  found.others.push(uri);
}

/** Text that is safe to print: strangers choose these bytes. */
function textOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 512));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

function checkText(text: string, what: string): string {
  const size = new TextEncoder().encode(text).length;
  if (size === 0 || [...text].length > 64 || size > 255) {
    failCertificate('wrong_profile', `the ${what} ${JSON.stringify(text.slice(0, 80))} must have 1 to 64 characters`);
  }
  return text;
}

function checkHost(host: string): string {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,62})?(?:\.[a-z0-9][a-z0-9-]{0,62})*$/i.test(host) || host.length > 253) {
    failCertificate('wrong_profile', `${JSON.stringify(host.slice(0, 80))} is no DNS name and no IP address`);
  }
  return host;
}

function checkUri(uri: string): string {
  if (!/^urn:snap:[a-z]+:[\w.-]{1,64}$/.test(uri)) {
    failCertificate('wrong_profile', `${JSON.stringify(uri.slice(0, 80))} cannot be in a certificate`);
  }
  return uri;
}
