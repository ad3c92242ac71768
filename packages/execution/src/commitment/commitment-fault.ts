/** The bucket store does not hold the tree that it should: it is damaged, or `load` was not called. The tree in memory is unchanged. */
export class CommitmentFault extends Error {
  override readonly name = 'CommitmentFault';
}
