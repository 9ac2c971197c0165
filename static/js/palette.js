// The command palette, and the keys that open it: `/` for the header's field, Ctrl+K or ⌘K for the palette.
// After the APG's "editable combobox with list autocomplete"; its options are links that the server finds.
(() => {
  const palette = document.getElementById('palette');
  if (!palette) return;
  const input = document.getElementById('palette-q');
  const list = document.getElementById('palette-options');
  const status = document.getElementById('palette-status');
  const field = document.getElementById('site-q');
  const options = () => [...list.querySelectorAll('a[role=option]')];
  htmx.process(input); // htmx itself does so in a timeout, which may come after the first key
  let reached; // the address of the option that the arrows have reached
  const marked = () => list.querySelector('[aria-selected=true]');

  function mark(option) {
    marked()?.setAttribute('aria-selected', 'false');
    if (!option) return input.removeAttribute('aria-activedescendant');
    option.setAttribute('aria-selected', 'true');
    input.setAttribute('aria-activedescendant', option.id);
    option.scrollIntoView({ block: 'nearest' });
  }
  function move(by) {
    const all = options();
    const at = all.indexOf(marked());
    if (all.length) mark(all[at < 0 && by < 0 ? all.length - 1 : (at + by + all.length) % all.length]);
    reached = marked()?.href;
  }

  // --- Open and close: the browser gives the focus back to where it was ---------------------------------------------
  function open() {
    if (document.querySelector('dialog[open]')) return;
    const typed = document.activeElement === field ? field.value : '';
    palette.showModal();
    input.value = typed;
    input.focus();
    htmx.trigger(input, 'palette:open');
  }
  palette.addEventListener('close', () => {
    htmx.trigger(input, 'htmx:abort');
    input.value = '';
    input.setAttribute('aria-expanded', 'false');
    reached = undefined;
    mark(null);
    list.replaceChildren();
    status.textContent = '';
  });
  palette.addEventListener('click', event => {
    if (event.target === palette || event.target.closest('[data-palette-close]')) palette.close();
  });
  document.addEventListener('click', event => {
    const opener = event.target.closest('a[data-palette]');
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  addEventListener('pagehide', () => palette.close());

  // --- Keys ---------------------------------------------------------------------------------------------------------
  const isComposing = event => event.isComposing || event.keyCode === 229; // Japanese input is still choosing characters
  const isTyping = target => target.isContentEditable || target.matches?.('input, select, textarea');
  document.addEventListener('keydown', event => {
    if (isComposing(event) || event.altKey || event.shiftKey && event.key !== '/') return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      return palette.open ? palette.close() : open();
    }
    if (event.key !== '/' || !field.hasAttribute('aria-keyshortcuts') || event.ctrlKey || event.metaKey) return;
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    if (!field.checkVisibility()) return open();
    field.focus();
    field.select();
  });
  input.addEventListener('keydown', event => {
    if (isComposing(event)) return;
    if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else if (event.key === 'Enter' && marked()) marked().click();
    else return;
    event.preventDefault();
  });

  // --- Answers ------------------------------------------------------------------------------------------------------
  // What is listed belongs to what is typed: until the answer to it is here, Enter leads to the search page.
  input.addEventListener('input', () => {
    htmx.trigger(input, 'htmx:abort');
    reached = undefined;
    mark(null);
  });
  document.addEventListener('htmx:before:swap', event => {
    const { sourceElement, request } = event.detail.ctx;
    if (sourceElement !== input) return;
    const asked = new URL(request.action, location.href).searchParams.get('q') ?? '';
    if (!palette.open || asked !== input.value) event.preventDefault();
  });
  for (const name of ['htmx:response:error', 'htmx:error']) {
    document.addEventListener(name, event => {
      if (event.detail.ctx?.sourceElement !== input || !palette.open) return;
      const message = document.createElement('div');
      Object.assign(message, { className: 'palette-none', textContent: list.dataset.failed });
      for (const [attribute, value] of [['role', 'option'], ['aria-disabled', 'true'], ['aria-selected', 'false']]) message.setAttribute(attribute, value);
      list.replaceChildren(message);
      mark(null);
      status.textContent = list.dataset.failed;
    });
  }
  document.addEventListener('htmx:after:swap', event => {
    if (event.detail.ctx.sourceElement !== input || !palette.open) return;
    list.scrollTop = 0;
    input.setAttribute('aria-expanded', 'true');
    mark(options().find(option => option.href === reached) ?? options()[0]);
    status.textContent = document.getElementById('palette-said')?.dataset.say ?? '';
  });
})();
