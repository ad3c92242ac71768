/** What a light client is sent: the way from one schedule to later ones, step by step, and a final header of the last (FIN-15). */
import {
  array,
  type BlockHeader,
  blockHeaderSchema,
  limits,
  type QuorumCertificate,
  quorumCertificateSchema,
  type Rejection,
  type Schema,
  struct,
} from '@snapscale/protocol';
import { followSchedule, type LightClientPorts, type LightTrust } from './light-client.js';

/** A header and the commit certificate that makes it final. */
export type FinalHeader = { readonly header: BlockHeader; readonly certificate: QuorumCertificate };

/** Wire type of {@link FinalHeader}. */
export const finalHeaderSchema: Schema<FinalHeader> = struct('final_header', {
  header: blockHeaderSchema,
  certificate: quorumCertificateSchema,
});

/**
 * One change of the schedule: `headers` begins with the block that brings the new one into force, and goes on block by block to
 * the one that `certificate` is for.
 */
export type LightStep = { readonly headers: readonly BlockHeader[]; readonly certificate: QuorumCertificate };

/** Wire type of {@link LightStep}. */
export const lightStepSchema: Schema<LightStep> = struct('light_step', {
  headers: array(blockHeaderSchema, limits.reversibleBlocksMax),
  certificate: quorumCertificateSchema,
});

/**
 * Follows steps in their order. Those to schedules that are trusted already are passed over, so that one list serves
 * clients that stand at different schedules. Cost: one signature verified for each step that is followed.
 * @returns what is trusted then; or the reason why a step leads nowhere, with the version of its schedule
 */
export function followSteps(
  ports: LightClientPorts,
  trust: LightTrust,
  steps: readonly LightStep[],
): LightTrust | Rejection {
  let reached = trust;
  for (const { headers, certificate } of steps) {
    const version = headers[0]?.scheduleVersion ?? 0;
    if (headers.length > 0 && version <= reached.schedule.version) continue;
    const next = followSchedule(ports, reached, headers, certificate);
    if ('code' in next) {
      const { version: known } = reached.schedule;
      return { ...next, message: `the step from schedule ${known} to ${version} does not hold: ${next.message}` };
    }
    reached = next;
  }
  return reached;
}
