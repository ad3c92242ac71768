/** One node of the network: its process, and which others it is kept from. */
import type { ChildProcess } from 'node:child_process';
import type { LocalNode } from '@snapscale/api';
import { Child, type ChildOptions } from './child.js';

export class NodeChild extends Child {
  readonly node: LocalNode;
  #process: ChildProcess | undefined;
  #isolated: readonly string[] = [];

  constructor(node: LocalNode, options: Omit<ChildOptions, 'name'>) {
    super({ ...options, name: node.name });
    this.node = node;
  }

  /** From now on the node neither talks to these others nor listens to them; none: to all. */
  isolate(others: readonly string[]): void {
    this.#isolated = others;
    this.#tell();
  }

  protected override began(process: ChildProcess): void {
    this.#process = process;
    this.#tell();
  }

  #tell(): void {
    const child = this.#process;
    if (child?.connected !== true) return;
    // A process that is just ending cannot be told any more; its end is seen elsewhere.
    child.send({ kind: 'isolate', nodes: this.#isolated }, () => undefined);
  }
}
