/** What the documentation page runs in the browser: the filter and the forms. */
export const docsScript = `
(() => {
  'use strict';
  const filter = document.getElementById('filter');
  function applyFilter() {
    const words = filter.value.trim().toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const item of document.querySelectorAll('[data-search]')) {
      const fits = words.every((word) => item.dataset.search.includes(word));
      item.hidden = !fits;
      if (fits && item.tagName === 'ARTICLE') shown++;
    }
    for (const group of document.querySelectorAll('[data-group]')) {
      group.hidden = group.querySelector('article:not([hidden])') === null;
    }
    document.getElementById('none').hidden = shown > 0;
  }
  filter.addEventListener('input', applyFilter);

  function requestOf(form) {
    const area = form.querySelector('textarea');
    const post = form.dataset.method === 'POST';
    return { path: form.dataset.path, method: form.dataset.method, body: post ? (area ? area.value : '{}') : undefined };
  }
  function print(form, text, bad) {
    const pre = document.createElement('pre');
    pre.textContent = text;
    if (bad) pre.className = 'bad';
    form.querySelector('output').replaceChildren(pre);
  }
  function pretty(text) {
    try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
  }
  // Who is refused at the doors reads a sentence first, and then the answer.
  function refusal(text) {
    try {
      const { type, title, advice } = JSON.parse(text);
      return String(type).startsWith('urn:snap:problem:') ? title + '. ' + advice + '\\n\\n' : '';
    } catch { return ''; }
  }
  for (const form of document.querySelectorAll('form')) {
    const status = form.querySelector('[data-status]');
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const { path, method, body } = requestOf(form);
      const button = form.querySelector('[type=submit]');
      button.disabled = true;
      status.textContent = 'sending';
      const started = performance.now();
      try {
        const response = await fetch(path, { method, body, headers: body === undefined ? {} : { 'content-type': 'application/json' } });
        const text = await response.text();
        status.textContent = response.status + ' in ' + Math.round(performance.now() - started) + ' ms, ' + text.length.toLocaleString('en-US') + ' bytes';
        print(form, refusal(text) + pretty(text.length > 400000 ? text.slice(0, 400000) : text), !response.ok);
      } catch (error) {
        status.textContent = 'no answer';
        print(form, String(error), true);
      } finally {
        button.disabled = false;
      }
    });
    form.querySelector('[data-curl]').addEventListener('click', () => {
      const { path, method, body } = requestOf(form);
      const data = body === undefined ? '' : " -d '" + body.replace(/\\s+/g, ' ').replace(/'/g, "'\\\\''") + "'";
      print(form, 'curl -sS ' + location.origin + path + data);
      status.textContent = '';
    });
  }
  function openTarget() {
    const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    if (target && target.hidden) { filter.value = ''; applyFilter(); target.scrollIntoView(); }
  }
  addEventListener('hashchange', openTarget);
})();
`;
