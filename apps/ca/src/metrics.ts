/** Numbers of a CA in the text format of Prometheus. */
import type { CaParts } from './http/ca-parts.js';
import type { OrganisationCa } from './issuing/organisation-ca.js';

type Metric = {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly value: (ca: OrganisationCa, nowMs: number) => number;
};

const metrics: readonly Metric[] = [
  {
    name: 'snap_ca_issued_total',
    type: 'counter',
    help: 'Certificates issued and entered on chain',
    value: ({ counts }) => counts.issued,
  },
  {
    name: 'snap_ca_renewed_total',
    type: 'counter',
    help: 'Certificates renewed',
    value: ({ counts }) => counts.renewed,
  },
  { name: 'snap_ca_refused_total', type: 'counter', help: 'Requests refused', value: ({ counts }) => counts.refused },
  {
    name: 'snap_ca_revoked_total',
    type: 'counter',
    help: 'Certificates revoked here',
    value: ({ counts }) => counts.revoked,
  },
  { name: 'snap_ca_waiting', type: 'gauge', help: 'Requests that wait for a person', value: ({ waiting }) => waiting },
  {
    name: 'snap_ca_issuing_expires_seconds',
    type: 'gauge',
    help: 'Seconds until the certificate of the issuing CA ends',
    value: ({ files }, nowMs) => files.issuing.notAfterSec - Math.floor(nowMs / 1000),
  },
];

/** All numbers, for each organisation. */
export function metricsText({ organisations, nowMs }: CaParts): string {
  return metrics
    .flatMap(({ name, type, help, value }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...[...organisations.values()].map((ca) => `${name}{organisation="${ca.account}"} ${value(ca, nowMs())}`),
    ])
    .join('\n')
    .concat('\n');
}
