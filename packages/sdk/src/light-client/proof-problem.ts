/** Why a proof shows nothing; the message is for people. */
export class ProofProblem extends Error {
  override readonly name = 'ProofProblem';
}
