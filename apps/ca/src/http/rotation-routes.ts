/** Replacing issuing CAs and the root, for operators: `packages/api/src/ca` says what goes over the line. */
import type { SignedAuthority } from '@snapscale/api';
import { type Certificate, encodePem, parseCertificates } from '@snapscale/sdk/certificates';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../failures.js';
import { rootFolder } from '../files/ca-files.js';
import type { OrganisationCa } from '../issuing/organisation-ca.js';
import type { Rotation } from '../rotation/rotation.js';
import { type CaParts, rotationOf } from './ca-parts.js';
import { anyOperator, fieldsOf, noRoot, operatedBy, textOf } from './rest-routes.js';

type OfAuthority = FastifyRequest<{ Params: { org: string; id: string; serial: string; decision: string } }>;

/** Adds the routes. */
export function addRotationRoutes(app: FastifyInstance, parts: CaParts): void {
  const path = '/v1/ca/:org/rotation';
  app.get(path, async (request: OfAuthority) => (await asked(parts, request)).rotation.state());
  app.post(path, async (request: OfAuthority, reply) => {
    const { rotation, by } = await asked(parts, request);
    const previousUntilSec = momentOf(parts, textOf(fieldsOf(request), 'previous_until'));
    reply.code(201);
    return rotation.begin(by.account, previousUntilSec);
  });
  app.put(path, async (request: OfAuthority) => {
    const { rotation } = await asked(parts, request);
    return rotation.accept(certificateOf(textOf(fieldsOf(request), 'certificate')));
  });
  app.delete(path, async (request: OfAuthority) => {
    const { rotation, by } = await asked(parts, request);
    return rotation.giveUp(by.account);
  });
  app.post('/v1/ca/root/signatures', async (request): Promise<SignedAuthority> => {
    if (parts.root === undefined) throw noRoot();
    const by = await anyOperator(parts, request);
    const der = await parts.root.signNext(textOf(fieldsOf(request), 'request') ?? '', by);
    return { certificate: encodePem('CERTIFICATE', der) };
  });
}

/** The rotation that is meant, and the organisation that an operator acts for. @throws Refusal */
async function asked(
  parts: CaParts,
  request: OfAuthority,
): Promise<{ readonly rotation: Rotation; readonly by: OrganisationCa }> {
  const { org } = request.params;
  if (org === rootFolder && parts.root === undefined) throw noRoot();
  const by = org === rootFolder ? await anyOperator(parts, request) : (await operatedBy(parts, request)).organisation;
  return { rotation: rotationOf(parts, org), by };
}

function momentOf({ nowMs }: CaParts, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const sec = Math.floor(Date.parse(text) / 1000);
  if (sec > nowMs() / 1000 && sec < 2 ** 32) return sec;
  throw new Refusal(400, 'previous_until', '"previous_until" must be a time to come (RFC 3339)');
}

function certificateOf(pem: string | undefined): Certificate {
  const [certificate] = pem === undefined || pem.length > 16_384 ? [] : parseCertificates(pem);
  if (certificate !== undefined) return certificate;
  throw new Refusal(400, 'malformed', '"certificate" must be the certificate that the root has signed, in PEM');
}
