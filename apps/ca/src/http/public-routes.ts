/** What everybody may read: certificates of authorities, revocation lists, health, metrics. */
import { encodePem } from '@snapscale/sdk/certificates';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../failures.js';
import { metricsText } from '../metrics.js';
import { type CaParts, organisationOf } from './ca-parts.js';

/** Adds the routes. */
export function addPublicRoutes(app: FastifyInstance, parts: CaParts): void {
  app.get('/health', () => ({ status: 'ok', organisations: [...parts.organisations.keys()] }));
  app.get('/metrics', (_request, reply) => reply.type('text/plain; version=0.0.4').send(metricsText(parts)));
  app.get('/.well-known/snap/crl/:file', async (request: FastifyRequest<{ Params: { file: string } }>, reply) => {
    const list = parts.lists.get(request.params.file.replace(/\.crl$/, ''));
    if (list === undefined) throw new Refusal(404, 'unknown_list', 'there is no revocation list of this name');
    const { der, nextUpdateMs } = await list.current();
    reply.header('expires', new Date(nextUpdateMs).toUTCString()).header('cache-control', 'no-cache');
    return reply.type('application/pkix-crl').send(Buffer.from(der));
  });
  app.get('/.well-known/snap/ca/:file', (request: FastifyRequest<{ Params: { file: string } }>, reply) => {
    const { issuing } = organisationOf(parts, request.params.file.replace(/\.pem$/, '')).files;
    return reply.type('application/x-pem-file').send(encodePem('CERTIFICATE', issuing.der));
  });
  app.get('/.well-known/snap/authorities.pem', (_request, reply) => {
    const roots = new Set(
      [...parts.organisations.values()].flatMap(({ files }) =>
        files.roots.map(({ der }) => encodePem('CERTIFICATE', der)),
      ),
    );
    return reply.type('application/x-pem-file').send([...roots].join(''));
  });
}
