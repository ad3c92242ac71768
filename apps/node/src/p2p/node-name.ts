/** Names of nodes: what certificates, logs, metrics and commands call them. */
import { isNodeOf } from '@snapscale/api';

const pattern = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;

/** @throws Error when the text cannot name a node */
export function checkName(name: string): void {
  if (!pattern.test(name)) {
    throw new Error(
      `${JSON.stringify(name.slice(0, 80))} cannot name a node: 1 to 63 small letters, digits, dots and dashes, beginning and ending with a letter or digit`,
    );
  }
}

/**
 * Nodes are known by their names, whoever issued their certificates: the names of an organisation's nodes are its own account, or
 * begin with that and a hyphen, which no account has. So nobody can issue a certificate for the node of somebody else.
 * @throws Error when a node cannot be of an organisation
 */
export function checkNodeOf(node: string, organisation: string): void {
  checkName(node);
  if (isNodeOf(organisation, node)) return;
  throw new Error(
    `${node} cannot be a node of ${organisation}: its nodes are called ${organisation}, or ${organisation}- and more`,
  );
}
