// The searchable list of the Add dialog, after the APG's "editable combobox with list autocomplete".
// Its options come from the server through htmx; what is typed is checked by the server.
(() => {
  const list = input => document.getElementById(input.getAttribute('aria-controls'));
  const options = input => [...list(input).querySelectorAll('[role=option]:not([aria-disabled=true])')];
  const selected = input => options(input).findIndex(option => option.getAttribute('aria-selected') === 'true');
  const reached = new WeakMap(); // the value of each combobox's option that the arrows have reached
  const ownerOf = option => document.querySelector(`[role=combobox][aria-controls="${option.closest('[role=listbox]').id}"]`);

  function mark(input, option) {
    for (const other of list(input).querySelectorAll('[aria-selected=true]')) other.setAttribute('aria-selected', 'false');
    reached.set(input, option?.dataset.value);
    if (!option) return input.removeAttribute('aria-activedescendant');
    option.setAttribute('aria-selected', 'true');
    input.setAttribute('aria-activedescendant', option.id);
    option.scrollIntoView({ block: 'nearest' });
  }

  function show(input, open) {
    list(input).hidden = !open;
    input.setAttribute('aria-expanded', open);
    if (!open) mark(input, null);
  }

  function pick(input, option) {
    input.value = option.dataset.value;
    show(input, false);
    input.focus();
    input.dispatchEvent(new Event('change', { bubbles: true })); // what depends on the choice follows it
  }

  function move(input, event, to) {
    show(input, true);
    const all = options(input);
    if (all.length) mark(input, all[(to + all.length) % all.length]);
    event.preventDefault();
  }

  const keys = {
    ArrowDown: (input, event) => event.altKey ? show(input, true) : move(input, event, selected(input) + 1),
    ArrowUp: (input, event) => event.altKey ? show(input, false) : move(input, event, Math.max(selected(input), 0) - 1),
    Enter: (input, event) => {
      const at = selected(input);
      if (list(input).hidden || at < 0) return;
      pick(input, options(input)[at]);
      event.preventDefault();
    },
    // The first Escape closes the list; the dialog around it stays.
    Escape: (input, event) => {
      if (list(input).hidden) return;
      show(input, false);
      event.preventDefault();
      event.stopPropagation();
    },
  };

  // The command palette's options are links, and its list is always open: palette.js.
  const combobox = event => event.target.closest?.('[role=combobox]:not(#palette-q)');

  document.addEventListener('keydown', event => {
    const input = combobox(event);
    const composing = event.isComposing || event.keyCode === 229; // Japanese input is still choosing characters
    if (input && !composing) keys[event.key]?.(input, event);
  }, true);
  document.addEventListener('input', event => {
    const input = combobox(event);
    if (input) { show(input, true); mark(input, null); }
  });
  // A list that arrives while the one before it is walked keeps the option that was reached.
  document.addEventListener('htmx:after:swap', event => {
    const { sourceElement: source } = event.detail.ctx;
    const input = source.closest?.('[role=listbox]') ? ownerOf(source) : source; // typed in, or renewed by live.js
    if (!input?.matches?.('[role=combobox]:not(#palette-q)') || !list(input)) return; // its dialog may be gone by then
    mark(input, options(input).find(option => option.dataset.value === reached.get(input)));
  });
  // What was refused is said of the text that was sent, not of another.
  function forget(event) {
    const input = combobox(event);
    if (input?.getAttribute('aria-invalid') !== 'true' || input.value === input.defaultValue) return;
    input.removeAttribute('aria-invalid');
    document.getElementById(`${input.id}-error`)?.remove();
    input.setAttribute('aria-describedby', `${input.id}-hint`);
  }
  for (const name of ['input', 'change']) document.addEventListener(name, forget);
  document.addEventListener('click', event => {
    const input = combobox(event);
    if (input) return show(input, list(input).hidden);
    const option = event.target.closest('[role=option]:not(a, [aria-disabled=true])');
    if (option) pick(ownerOf(option), option);
  });
  // A press on the list must not take the focus out of the field.
  document.addEventListener('mousedown', event => { if (event.target.closest('[role=listbox]')) event.preventDefault(); });
  document.addEventListener('focusout', event => { const input = combobox(event); if (input) show(input, false); });
})();
