/** The nodes' certificates, as they are before the nodes start; and what the founder is to enter of them on chain. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateRole, type LocalNode, type NetworkDescription, roleName } from '@snapscale/api';
import { type Certificate, parseCertificates } from '@snapscale/sdk/certificates';
import { finishIdentity, writeIdentity } from '../../admission/identity-folder.js';
import { type CertifiedNode, type ConsortiumFile, writeConsortiumFile } from '../../founding/consortium-file.js';
import { identityFiles } from '../../p2p/identity-files.js';
import { LaunchFailure } from '../failure.js';
import type { NetworkDirectory } from '../network-directory.js';
import { certifiedName, type NetworkAuthorities } from './network-authorities.js';

/**
 * Running nodes have their certificates renewed long before they end. One that ends sooner than this cannot be, because the
 * network stood still: it gets a new one here, which the founder enters on chain.
 */
const ISSUE_BEFORE_MS = 10 * 60_000;

/**
 * Gives nodes without a valid certificate a new one, and tells the founder, the first node, which they all have now.
 * @returns the nodes that got one
 */
export async function prepareIdentities(
  directory: NetworkDirectory,
  { nodes, organisations = [] }: NetworkDescription,
  authorities: NetworkAuthorities,
  nowMs: number,
): Promise<readonly string[]> {
  const folderOf = ({ name }: LocalNode) => join(directory.nodeDirectory(name), 'identity');
  const issued: string[] = [];
  for (const node of nodes) {
    if (isGood(folderOf(node), node, nowMs)) continue;
    if (!authorities.exist) {
      throw new LaunchFailure(
        `${node.name} has no valid certificate, and ${directory.authorities} holds no authority that could issue one`,
        { hint: 'Put that directory back from a copy, or begin a new network elsewhere: --data DIR' },
      );
    }
    writeIdentity(folderOf(node), await authorities.issue(node, nowMs));
    issued.push(node.name);
  }
  if (authorities.exist) {
    const file: ConsortiumFile = {
      roots: [authorities.root],
      organisations: organisations.map((organisation) => authorities.organisation(organisation)),
      nodes: nodes.map((node) => certified(folderOf(node), node)),
    };
    writeConsortiumFile(directory.nodeDirectory(nodes[0]!.name), file);
  }
  return issued;
}

/** Key and certificate are there, belong together, are of the node's organisation, and last for a while. */
function isGood(folder: string, node: LocalNode, nowMs: number): boolean {
  const { organisation } = node;
  const files = identityFiles(folder);
  if (existsSync(folder)) finishIdentity(folder);
  try {
    const pem = readFileSync(files.certificate, 'utf8');
    const [leaf, issuer] = parseCertificates(pem) as [Certificate, Certificate];
    const roots = parseCertificates(readFileSync(files.authorities, 'utf8'));
    const key = createPrivateKey(readFileSync(files.privateKey, 'utf8'));
    return (
      leaf.names.organisations.includes(organisation) &&
      leaf.names.nodes.includes(certifiedName(node)) &&
      issuer.names.organisations.includes(organisation) &&
      roots.length > 0 &&
      new X509Certificate(pem).checkPrivateKey(key) &&
      leaf.notAfterSec * 1000 > nowMs + ISSUE_BEFORE_MS &&
      leaf.notBeforeSec * 1000 <= nowMs
    );
  } catch {
    // What is missing or damaged is made anew.
    return false;
  }
}

function certified(folder: string, node: LocalNode): CertifiedNode {
  const { name, organisation } = node;
  const certificate = readFileSync(identityFiles(folder).certificate, 'utf8');
  const { names } = parseCertificates(certificate)[0]!;
  const roles = names.roles.map((role) => roleName(role as CertificateRole)).sort();
  return { organisation, account: name, node: certifiedName(node), roles, certificate };
}
