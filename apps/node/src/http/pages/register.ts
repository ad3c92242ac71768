/** The pages for people. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ServerParts } from '../server/http-server.js';
import { docsPage } from './docs-page.js';
import type { Page } from './html.js';
import { landingPage } from './landing-page.js';

/** Binds `/` and `/docs`. The pages are made once. */
export function registerPages(app: FastifyInstance, { backend }: ServerParts): void {
  const landing = landingPage(backend.serverVersion);
  const docs = docsPage(backend.serverVersion);
  app.get('/', async (_request, reply) => send(reply, landing));
  app.get('/docs', async (_request, reply) => send(reply, docs));
}

function send(reply: FastifyReply, { html, headers }: Page): FastifyReply {
  return reply.headers(headers).send(html);
}
