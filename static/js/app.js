// Behaviour that HTML and htmx do not give: the one dialog, announcements, copying, times in the reader's zone.
(() => {
  const byId = id => document.getElementById(id);
  const modal = byId('modal');
  const body = byId('modal-body');
  const skeleton = body.firstElementChild.cloneNode(true);
  const language = document.documentElement.lang;

  // --- The dialog -----------------------------------------------------------------------------------------------
  // A request that fills it opens it at once, on its skeleton. Only the answer to the last one is shown: one that comes
  // late, after the dialog was closed or opened for something else, is left out.
  const fills = new WeakSet();
  let awaited = null;
  const isLate = ctx => fills.has(ctx) && ctx !== awaited;
  document.addEventListener('htmx:before:request', event => {
    const { ctx } = event.detail;
    if (ctx.target !== body) return;
    fills.add(ctx);
    awaited = ctx;
    if (!modal.open) modal.showModal();
  });
  document.addEventListener('htmx:before:swap', event => {
    if (isLate(event.detail.ctx)) event.preventDefault();
  });
  // One that leads elsewhere would take away the dialog that was opened since, with what is typed there.
  document.addEventListener('htmx:after:request', event => {
    const { ctx } = event.detail;
    if (modal.open && isLate(ctx) && ctx.hx.redirect) event.preventDefault();
  });
  // Closing empties it, which ends any polling inside.
  modal.addEventListener('close', () => {
    awaited = null;
    // The page behind shows how things were before the operation: it is brought up to date.
    if (body.querySelector('.operation')) {
      history.replaceState({ opener: nameOf(document.activeElement) }, '');
      location.reload();
    }
    body.replaceChildren(skeleton.cloneNode(true));
    byId('live').replaceChildren();
    byId('modal-flash').replaceChildren();
    // What opened it may be gone.
    if (document.activeElement.matches('body')) byId('main').focus({ preventScroll: true });
  });
  // After that, the focus is where it was, or on the page where what had it is gone.
  const nameOf = part => part.matches('.btn') && (part.ariaLabel ?? part.textContent.trim());
  const opener = history.state?.opener;
  if (opener !== undefined) {
    history.replaceState(null, '');
    const again = [...document.querySelectorAll('#main .btn')].find(part => nameOf(part) === opener);
    (again ?? byId('main')).focus({ preventScroll: true });
  }
  document.addEventListener('click', event => {
    if (event.target.closest('[data-close]')) modal.close();
    if (event.target.closest('[aria-disabled=true]')) event.preventDefault();
  }, true);
  // What is typed while a form is being answered is kept if the form comes back.
  const typed = new WeakMap();
  document.addEventListener('htmx:before:swap', ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    const sent = ctx.request?.body;
    if (!sent || !form?.matches?.('form')) return;
    const fields = form.querySelectorAll(':is([type=text], [type=search], textarea)[id][name]');
    typed.set(ctx, [...fields].filter(field => field.value !== sent.get(field.name)));
  });
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    for (const { id, value } of typed.get(ctx) ?? []) {
      const field = byId(id);
      if (!field || field.value === value) continue;
      field.value = value;
      field.dispatchEvent(new Event('change', { bubbles: true }));
    }
  });
  // A refused or failed request must not leave it on its skeleton; a refused form (422) comes back as a dialog.
  for (const name of ['htmx:response:error', 'htmx:error', 'sailpass:foreign']) {
    document.addEventListener(name, ({ detail: { ctx } }) => {
      const comesBack = ctx?.request.method === 'POST' && ctx.response?.status === 422 && !foreign.has(ctx);
      if (ctx === awaited && !comesBack && body.querySelector('[data-skeleton]')) showUnfilled();
    });
  }
  function showUnfilled() {
    body.replaceChildren(byId('unfilled').content.cloneNode(true));
    body.querySelector('h2').id = 'modal-title';
    body.querySelector('.modal-foot [data-close]').focus();
  }

  // A second click sends a form again and drops the answer to the first, so that a link that works once fails.
  const TWICE = 3000;
  const sentAt = new WeakMap();
  document.addEventListener('submit', event => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== 'post') return;
    if (event.timeStamp - sentAt.get(form) < TWICE) event.preventDefault();
    else sentAt.set(form, event.timeStamp);
  });

  // --- Announcements --------------------------------------------------------------------------------------------
  // Live regions outside an open dialog are silent, so there is one inside and one outside.
  function announce(text) {
    const region = byId(modal.open ? 'live' : 'page-live');
    if (region.textContent !== text) region.textContent = text;
  }
  // What a page shows when it loads is no news, nor is what was said before: of each element, and last of its place.
  const said = new WeakMap();
  const sayings = place => [...place.querySelectorAll('[data-say]')];
  for (const shown of sayings(document)) said.set(shown, shown.dataset.say);
  said.set(byId('main'), sayings(byId('main')).at(-1)?.dataset.say);
  modal.addEventListener('close', () => said.delete(body));
  const sayNews = () => {
    const place = modal.open ? body : byId('main');
    const news = sayings(place).at(-1);
    const text = news?.dataset.say;
    if (text && said.get(news) !== text) {
      said.set(news, text);
      if (said.get(place) !== text) announce(text);
      said.set(place, text);
    }
    // The heading is outside of what is polled, and follows the operation: Adding, Added, Couldn't add.
    const heading = byId(modal.open ? 'modal-title' : 'title-of-operation');
    if (heading && news?.dataset.title) heading.textContent = news.dataset.title;
  };

  // --- No answer ------------------------------------------------------------------------------------------------
  const failed = new WeakMap(); // the request that each place's message is about
  const requestOf = ({ request: { method, action } }) => `${method} ${new URL(action, location.href).pathname}`;
  // What is told of a form goes once one is answered, of a part once that is; of what the page asks by itself, with any
  // answer.
  function tell(ctx, id, kind) {
    const place = byId(modal.open ? 'modal-flash' : 'flash');
    const told = place.querySelector('[data-offline]')?.dataset;
    if (told && kind !== 'form' && (told.offline === 'form' || kind === 'page' || told.message === id)) return;
    const message = byId(id).content.cloneNode(true).firstElementChild;
    Object.assign(message.dataset, { offline: kind, message: id });
    const title = message.querySelector('[data-status]');
    if (title) title.textContent = title.textContent.replace('#', ctx.response.status);
    if (kind !== 'form') message.querySelector('[data-kept]')?.remove();
    if (kind === 'part') failed.set(place, requestOf(ctx));
    else failed.delete(place);
    place.replaceChildren(message);
  }
  const asksByItself = part => part?.matches?.('[data-watch], [aria-busy=true]');
  function tellUnanswered(ctx) {
    const isForm = ctx.request.method === 'POST'; // which isn't sent again by itself
    const kind = isForm ? 'form' : asksByItself(ctx.sourceElement) ? 'page' : 'part';
    const status = ctx.response?.status ?? 500;
    const isRefused = status >= 400 && status < 500;
    if (!isLate(ctx)) {
      const noAnswer = { form: 'unsent', page: 'offline', part: 'unanswered' }[kind];
      tell(ctx, status >= 500 ? noAnswer : isRefused ? 'refused' : 'answered-by-another', kind);
    } else if (isForm) tell(ctx, isRefused ? 'refused-late' : 'unsent-late', kind);
  }
  document.addEventListener('htmx:error', ({ detail: { ctx } }) => { if (ctx?.request) tellUnanswered(ctx); });
  // A proxy may answer in the server's place. Parts of pages are no documents, and what the server refuses names its
  // place, or is the form to correct.
  const foreign = new WeakSet();
  const isOurs = ({ response: { status }, select, text }) =>
    status < 400 ? select || !/<html[\s>]/i.test(text) : /<hx-partial|id="modal-title"/.test(text);
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    if (isOurs(ctx)) return;
    foreign.add(ctx);
    tellUnanswered(ctx);
    document.dispatchEvent(new CustomEvent('sailpass:foreign', { detail: { ctx } }));
  }, true);
  document.addEventListener('htmx:before:swap', event => { if (foreign.has(event.detail.ctx)) event.preventDefault(); }, true);
  // What the server says of a form whose dialog was closed isn't shown.
  document.addEventListener('htmx:response:error', ({ detail: { ctx } }) => {
    if (isLate(ctx) && !foreign.has(ctx)) tellUnanswered(ctx);
  });
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    if (foreign.has(ctx)) return;
    const told = ctx.request.method === 'POST' ? ':is([data-offline=form], [data-offline=page])' : '[data-offline=page]';
    for (const message of document.querySelectorAll(told)) message.remove();
  });
  // A message of the server is told until the same request is answered well, or with a form to correct.
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    if (foreign.has(ctx)) return;
    const { response: { status }, text } = ctx;
    for (const place of [byId('flash'), byId('modal-flash')]) {
      if (status < 400 || status === 422) {
        if (failed.get(place) === requestOf(ctx)) place.replaceChildren();
      } else if (!isLate(ctx) && text.includes(`hx-target="#${place.id}"`)) failed.set(place, requestOf(ctx));
    }
  });

  // --- Polls ----------------------------------------------------------------------------------------------------
  // A server that many pages ask at once says after how many seconds each is to ask again.
  let pollsFrom = 0;
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    if (ctx.response.status === 204) pollsFrom = Date.now() + 1000 * (ctx.response.headers.get('Poll-After') ?? 0);
  });
  document.addEventListener('htmx:before:request', event => {
    if (Date.now() < pollsFrom && event.detail.ctx.sourceElement.matches('.operation[aria-busy=true]')) event.preventDefault();
  });

  // --- A session that ended -------------------------------------------------------------------------------------
  // What the page asks by itself waits until the reader comes back to this tab, or until something is answered again.
  let isSignedOut = false;
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => { isSignedOut = ctx.response?.status === 401; });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) isSignedOut = false; });
  document.addEventListener('htmx:before:request', event => {
    if (isSignedOut && asksByItself(event.detail.ctx.sourceElement)) event.preventDefault();
  });

  // --- Copying, and filling a field -----------------------------------------------------------------------------
  // Browsers give the clipboard to secure addresses only; the older way works on a plain one as well.
  async function copy(button) {
    try { return await navigator.clipboard.writeText(button.dataset.copy); } catch { /* not given: the older way */ }
    const field = Object.assign(document.createElement('textarea'), { value: button.dataset.copy, className: 'hidden-text' });
    button.after(field);
    field.select();
    document.execCommand('copy');
    field.remove();
    button.focus();
  }
  document.addEventListener('click', async event => {
    const button = event.target.closest('[data-copy]');
    if (!button) return;
    await copy(button);
    button.dataset.done = button.dataset.copied;
    announce(button.dataset.copied);
    setTimeout(() => { delete button.dataset.done; byId(modal.open ? 'live' : 'page-live').textContent = ''; }, 2000);
  });
  document.addEventListener('click', event => {
    const button = event.target.closest('[data-fill]');
    if (!button) return;
    const field = byId(button.dataset.fill);
    field.value = button.value;
    field.focus();
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });

  // --- Rows that open -------------------------------------------------------------------------------------------
  // Without scripts the link leads to the page that shows the same. What opens is fetched each time, to be as it is now.
  document.addEventListener('click', event => {
    const link = event.target.closest('[data-opens]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const row = byId(link.dataset.opens);
    row.hidden = !row.hidden;
    link.setAttribute('aria-expanded', !row.hidden);
    if (!row.hidden) htmx.ajax('GET', link.dataset.from, { source: row, target: row.firstElementChild, swap: 'innerHTML' }).catch(() => {});
  });

  // --- Times ----------------------------------------------------------------------------------------------------
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const exact = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'long' });
  const ago = new Intl.RelativeTimeFormat(language, { style: 'long' });
  const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

  function age(seconds) {
    const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? UNITS.at(-1);
    return ago.format(-Math.max(1, Math.floor(seconds / size)), unit);
  }
  function duration(seconds) {
    const parts = UNITS.slice(1).map(([unit, size], at) => [unit, Math.floor(seconds / size) % (at ? 60 : Infinity)]);
    const first = Math.max(0, parts.findIndex(([, amount]) => amount));
    const from = parts.some(([, amount]) => amount) ? first : parts.length - 1;
    return parts.slice(from, from + 2).filter(([, amount], at) => amount || !at)
      .map(([unit, amount]) => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' }).format(amount))
      .join(' ');
  }
  // The server's clock counts: what is shown is its time at the answer plus how long the page has been open since.
  function elapsed(element) {
    element.dataset.seen ??= Date.now();
    const { since, now, seen } = element.dataset;
    return Math.max(0, (Date.parse(now) - Date.parse(since) + Date.now() - Number(seen)) / 1000);
  }
  const set = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  function localTimes() {
    for (const time of document.querySelectorAll('time[data-local]')) {
      const when = new Date(time.dateTime);
      set(time, day.format(when));
      time.title = exact.format(when);
    }
  }
  // Days in a filter are the reader's own; days that are filled in already are of the zone in the address.
  const zone = day.resolvedOptions().timeZone;
  function ownZone() {
    for (const field of zone ? document.querySelectorAll('[data-own-zone]') : []) {
      field.value = zone;
      for (const name of field.form.querySelectorAll('[data-zone]')) set(name, zone);
    }
  }
  function tick() {
    for (const element of document.querySelectorAll('[data-since]')) set(element, duration(elapsed(element)));
    for (const time of document.querySelectorAll('time[data-age]')) {
      set(time, age((Date.now() - Date.parse(time.dateTime)) / 1000));
      time.title ||= exact.format(new Date(time.dateTime));
    }
  }

  // --- After each swap ------------------------------------------------------------------------------------------
  document.addEventListener('htmx:after:swap', event => {
    sayNews();
    localTimes();
    tick();
    // A filter's address can be kept and shared.
    const { sourceElement, request } = event.detail.ctx;
    if (sourceElement?.matches?.('form[data-address]')) history.replaceState(null, '', request.action);
  });
  localTimes();
  ownZone();
  tick();
  setInterval(tick, 1000);
})();
