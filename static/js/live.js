// Keeps an open page true: one poll tells what changed, which refreshes the parts in view and tells of operations that ended.
(() => {
  const { changes, version, now, running: runningText, failed: failedText } = document.body.dataset;
  if (!changes) return;
  const TOPICS = ['operations', 'services', 'access'];
  const TOLD = 'sailpass.told';
  const QUIET_AFTER = 10000;
  const WAIT = 10; // seconds; the server allows no more
  const SUFFIX = document.title.slice(document.title.lastIndexOf(' · '));
  let title = document.title;
  const icon = document.querySelector('link[rel=icon]');
  const notices = document.getElementById('notices');
  let seen = version;
  let since = Number(now);
  let failures = 0;
  let unread = 0;
  let running = 0;
  let polling = null;
  let isOver = false;

  // --- What has been told already, in this tab --------------------------------------------------------------------
  const told = () => { try { return JSON.parse(sessionStorage.getItem(TOLD)) ?? []; } catch { return []; } };
  function remember(id) {
    try { sessionStorage.setItem(TOLD, JSON.stringify([...told(), id].slice(-100))); } catch { /* told once more */ }
  }
  // An operation or batch whose end the page itself shows needs no notice.
  const isShown = id => document.querySelector(`[data-operations~="${CSS.escape(id)}"]`);
  function noteShown() {
    for (const shown of document.querySelectorAll('[data-operations]:not([aria-busy])')) {
      for (const id of shown.dataset.operations.split(' ')) if (!told().includes(id)) remember(id);
    }
  }

  // --- Notices, the title -----------------------------------------------------------------------------------------
  function showTitle() {
    // A page about one operation or batch is titled as that stands now.
    const named = document.querySelector('#main [data-operations][data-title]');
    if (named) title = named.dataset.title + SUFFIX;
    const marks = [];
    if (unread) marks.push(`✕ ${failedText}`);
    if (running) marks.push(runningText.replace('#', running.toLocaleString(document.documentElement.lang)));
    document.title = [...marks, title].join(' · ');
    const state = unread ? 'failed' : running ? 'running' : 'idle';
    if (icon.dataset.state !== state) { icon.dataset.state = state; icon.href = icon.dataset[state]; }
  }
  function drop(notice) {
    notice.remove();
    notices.hidden = !notices.children.length;
    unread = notices.querySelectorAll('[data-tone=error]').length;
    showTitle();
  }
  notices.addEventListener('click', event => {
    const notice = event.target.closest('.notice');
    if (notice && event.target.closest('[data-dismiss]')) drop(notice);
  });
  function announce(text) {
    const live = document.getElementById(document.getElementById('modal').open ? 'live' : 'page-live');
    live.textContent = text;
  }
  // What ended while nobody looked is shown as long as the rest, once somebody does.
  function dropLater(notice) {
    if (!document.hidden) return setTimeout(() => drop(notice), QUIET_AFTER);
    document.addEventListener('visibilitychange', () => dropLater(notice), { once: true });
  }
  function tell(ending) {
    if (told().includes(ending.id)) return;
    remember(ending.id);
    document.dispatchEvent(new CustomEvent('sailpass:ended', { detail: ending }));
    if (isShown(ending.id)) return;
    const notice = document.getElementById(ending.failed ? 'notice-error' : 'notice-success').content.cloneNode(true).firstElementChild;
    const link = notice.querySelector('a');
    link.href = ending.url;
    link.textContent = ending.title;
    notice.querySelector('p:last-of-type').textContent = ending.text;
    notices.append(notice);
    notices.hidden = false;
    announce(`${ending.title}: ${ending.text}`);
    if (ending.failed) unread += 1;
    else dropLater(notice);
  }

  // --- Parts of the page ------------------------------------------------------------------------------------------
  // A part is left alone while somebody types in it or looks at a detail of it that they opened; then it is refreshed.
  // A detail that they closed stays closed (tt.js).
  document.addEventListener('click', event => {
    const details = event.target.closest('summary')?.parentElement;
    details?.toggleAttribute('data-opened', !details.open);
    details?.toggleAttribute('data-closed', details.open);
  });
  const isInUse = part => part.contains(document.activeElement) && document.activeElement.matches('input, select, textarea, summary')
    || part.querySelector('details[data-opened], [data-opens][aria-expanded=true]');
  const waiting = new Set();
  const behind = new Set();
  function refresh(part) {
    if (!part.isConnected || waiting.has(part.id)) return;
    if (isInUse(part)) {
      waiting.add(part.id);
      setTimeout(() => { waiting.delete(part.id); refresh(document.getElementById(part.id) ?? part); }, 2000);
      return;
    }
    const { watchUrl, watchSelect } = part.dataset;
    const whole = watchSelect ? { select: watchSelect, headers: { 'HX-Request': 'false' } } : {};
    htmx.ajax('GET', watchUrl, { source: part, target: part, swap: 'outerMorph', ...whole }).catch(() => {});
  }
  // The same holds for what a part asks by itself, and for what was opened while an answer was on its way.
  document.addEventListener('htmx:before:swap', event => {
    const part = event.detail.ctx.sourceElement;
    if (!part.matches?.('[data-watch]') || !isInUse(part)) return;
    event.preventDefault();
    refresh(part);
  });
  // A part is behind if its refresh failed or came after a filter had replaced it, or if what it shows was asked for
  // before the last news. It is refreshed after the next answer to the poll.
  const askedAt = new WeakMap();
  document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
    askedAt.set(ctx, seen);
    if (ctx.sourceElement === ctx.target) behind.delete(ctx.target.id);
  });
  document.addEventListener('htmx:finally:request', ({ detail: { ctx } }) => {
    const { sourceElement: source, target: part, response } = ctx;
    if (!part?.matches?.('[data-watch]')) return;
    const isLost = !response || response.status >= 500 || !part.isConnected;
    if (askedAt.get(ctx) !== seen || source === part && isLost) behind.add(part.id);
  });
  function apply(news) {
    const [before, after] = [seen.split('|'), news.version.split('|')];
    const changed = TOPICS.filter((_, at) => before[at] !== after[at]);
    seen = news.version;
    since = news.since;
    running = news.running;
    news.ended.forEach(tell);
    showTitle();
    const count = document.getElementById('findings-count');
    if (count) {
      count.firstElementChild.textContent = news.findings.toLocaleString(document.documentElement.lang);
      count.hidden = !news.findings;
    }
    for (const part of document.querySelectorAll('[data-watch]')) {
      if (behind.has(part.id) || part.dataset.watch.split(' ').some(topic => changed.includes(topic))) refresh(part);
    }
    behind.clear();
  }

  // --- The poll: one at a time, slower while the server doesn't answer ----------------------------------------------
  // While the page is hidden there is none, or one of all tabs if the browser is to notify. It ends with the session,
  // not with a proxy's 403 or 404.
  const sleep = (milliseconds, signal) => new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); });
  });
  async function ask(signal) {
    const query = new URLSearchParams({ seen, since, wait: WAIT });
    const within = AbortSignal.any([signal, AbortSignal.timeout(1000 * (WAIT + 10))]);
    const answer = await fetch(`${changes}?${query}`, { signal: within, headers: { Accept: 'application/json' }, redirect: 'manual' });
    if (answer.type === 'opaqueredirect' || answer.status === 401) return false;
    if (!answer.ok) throw new Error(answer.status);
    const news = await answer.json();
    failures = 0;
    apply(news);
    return true;
  }
  async function poll(signal) {
    while (!signal.aborted) {
      try {
        if (await ask(signal)) continue;
        isOver = true;
        return;
      } catch {
        if (signal.aborted) return;
        failures += 1;
        await sleep(Math.min(30000, 500 * 2 ** failures) * (0.75 + Math.random() / 2), signal);
      }
    }
  }
  function start() {
    polling?.abort();
    polling = null;
    isOver = false;
    if (document.hidden && !window.sailpass?.notifies()) return;
    polling = new AbortController();
    const { signal } = polling;
    if (document.hidden) navigator.locks.request('sailpass.hidden', { signal }, () => poll(signal)).catch(() => {});
    else poll(signal);
  }
  document.addEventListener('sailpass:notify', () => { if (document.hidden) start(); });
  document.addEventListener('visibilitychange', start);
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => { if (isOver && ctx.response.raw.ok) start(); });
  addEventListener('online', start);
  addEventListener('pagehide', () => polling?.abort());
  addEventListener('pageshow', event => { if (event.persisted) start(); });
  document.addEventListener('htmx:after:swap', () => { noteShown(); showTitle(); });
  noteShown();
  start();
})();
