import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { allRoutes } from '@snapscale/api';
import { describe, expect, it } from 'vitest';
import { startHttpServer } from '../server/http-server.js';
import { MemoryChain } from '../testing/memory-chain.js';
import { docsPage } from './docs-page.js';
import { escapeHtml, inlineMarkup, type Page } from './html.js';
import { landingPage } from './landing-page.js';

const version = { version: '1.2.3', fullVersion: '1.2.3-<b>', hash: '00000000' };
const pages: Record<string, Page> = { landing: landingPage(version), docs: docsPage(version) };

const between = (html: string, tag: string): string => new RegExp(`<${tag}>([\\s\\S]*)</${tag}>`).exec(html)![1]!;

describe('pages', () => {
  for (const [name, { html, headers }] of Object.entries(pages)) {
    it(`${name}: allows its own style and script, and nothing else`, () => {
      const policy = headers['content-security-policy']!;
      for (const tag of ['style', 'script']) {
        const hash = createHash('sha256').update(between(html, tag)).digest('base64');
        expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
      }
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain('unsafe');
      expect(html).not.toMatch(/\sstyle=|\son[a-z]+=|javascript:/);
      expect(html).not.toMatch(/(src|href)="https?:/);
    });

    it(`${name}: is well formed`, () => {
      expect(() => new Script(between(html, 'script'))).not.toThrow();
      const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids, target).toContain(target);
      const script = between(html, 'script');
      for (const [, id] of script.matchAll(/getElementById\('([a-z]+)'\)|element\('([a-z]+)'\)/g))
        if (id) expect(ids).toContain(id);
      expect(unclosed(html)).toEqual([]);
    });
  }

  it('docs list every route', () => {
    for (const route of allRoutes()) expect(pages.docs!.html).toContain(`>${route.path}</a>`);
  });

  it('escape what they show', () => {
    expect(pages.landing!.html).toContain('1.2.3-&lt;b&gt;');
    expect(escapeHtml(`<a href="x">'&'</a>`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
    expect(inlineMarkup('use `a<b`')).toBe('use <code>a&lt;b</code>');
  });

  it('are served', async () => {
    const server = await startHttpServer(new MemoryChain(), { port: 0 });
    for (const path of ['/', '/docs']) {
      const response = await fetch(server.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    }
    await server.close();
  });
});

/** Elements that are opened but not closed, or the other way round. */
function unclosed(html: string): string[] {
  const text = html.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '').replace(/<!doctype html>/i, '');
  const open: string[] = [];
  const wrong: string[] = [];
  const empty = new Set(['meta', 'link', 'input', 'br', 'rect']);
  for (const [, close, tag, rest] of text.matchAll(/<(\/?)([a-z0-9]+)((?:"[^"]*"|[^">])*)>/g)) {
    if (close === '/') {
      if (open.pop() !== tag) wrong.push(`</${tag}>`);
    } else if (!empty.has(tag!) && !rest!.endsWith('/')) open.push(tag!);
  }
  return [...wrong, ...open];
}
