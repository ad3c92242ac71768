/** The permission levels that an action declares, found in constant time however many there are. */
import type { Name, PermissionLevel } from '@snapscale/protocol';

/** Up to this many levels are compared one by one. */
const COMPARED_MAX = 4;

export class DeclaredLevels {
  readonly #levels: readonly PermissionLevel[];
  /** Permissions by actor; made when first needed. */
  #byActor: Map<Name, Set<Name>> | undefined;

  constructor(levels: readonly PermissionLevel[]) {
    this.#levels = levels;
  }

  /** Whether the action declares `actor`, with `permission` when that is given. */
  has(actor: Name, permission?: Name): boolean {
    if (this.#levels.length > COMPARED_MAX) return this.#find(actor, permission);
    return this.#levels.some(
      (level) => level.actor === actor && (permission === undefined || level.permission === permission),
    );
  }

  #find(actor: Name, permission: Name | undefined): boolean {
    this.#byActor ??= index(this.#levels);
    const permissions = this.#byActor.get(actor);
    return permissions !== undefined && (permission === undefined || permissions.has(permission));
  }
}

function index(levels: readonly PermissionLevel[]): Map<Name, Set<Name>> {
  const byActor = new Map<Name, Set<Name>>();
  for (const { actor, permission } of levels) {
    const known = byActor.get(actor);
    if (known === undefined) byActor.set(actor, new Set([permission]));
    else known.add(permission);
  }
  return byActor;
}
