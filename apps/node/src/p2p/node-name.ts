/** Names of nodes: what certificates, logs, metrics and commands call them. */
const pattern = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;

/** @throws Error when the text cannot name a node */
export function checkName(name: string): void {
  if (!pattern.test(name)) {
    throw new Error(
      `${JSON.stringify(name.slice(0, 80))} cannot name a node: 1 to 63 small letters, digits, dots and dashes, beginning and ending with a letter or digit`,
    );
  }
}
