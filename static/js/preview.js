// A preview belongs to what is chosen in its form: another choice clears it at once, and renews it where it is open.
// With `data-holds`, the form can't be confirmed until the answer is there.
(() => {
  const shownFor = field => field.form ? [...field.form.querySelectorAll(`[data-preview-of~="${CSS.escape(field.name)}"]`)] : [];
  // Leaving a field tells of its change once more: what is asked for already stays, and nothing moves under the pointer.
  const askedFor = new WeakMap();
  function chosenFor(part) {
    const sent = new FormData(part.closest('form'));
    return JSON.stringify(part.dataset.previewOf.split(' ').map(name => sent.getAll(name)));
  }
  function show(part, text) {
    part.replaceChildren(...text ? [Object.assign(document.createElement('p'), { className: 'meta', textContent: text })] : []);
  }
  const isChosen = part => JSON.parse(chosenFor(part)).flat().some(Boolean);
  const lastOf = new WeakMap(); // the request whose answer a preview waits for
  function hold(part, held) {
    if (part.dataset.holds === undefined) return;
    for (const button of part.closest('form').querySelectorAll('.modal-foot .primary')) {
      if (held) button.setAttribute('aria-disabled', 'true');
      else button.removeAttribute('aria-disabled');
    }
  }
  function clear(part) {
    askedFor.delete(part);
    lastOf.delete(part);
    hold(part, true);
    htmx.trigger(part, 'htmx:abort', {}, false); // a late answer is about the choice before
    show(part, part.dataset.cleared);
  }
  document.addEventListener('input', event => { if (event.target.name) shownFor(event.target).forEach(clear); });
  document.addEventListener('change', event => {
    for (const part of event.target.name ? shownFor(event.target) : []) {
      if (askedFor.get(part) === chosenFor(part)) continue;
      clear(part);
      if (isChosen(part) && part.closest('details')?.open !== false) htmx.trigger(part, 'renew');
    }
  });
  // Only what was previewed is confirmed: another selection is previewed first.
  document.addEventListener('change', event => {
    const form = event.target.closest('[data-previewed-first]')?.closest('form');
    const buttons = form?.querySelectorAll('.modal-foot [type=submit]');
    for (const button of buttons ?? []) button.disabled = true;
  });
  // What is fetched when it is opened is not fetched when it is closed.
  document.addEventListener('htmx:before:request', event => {
    const { sourceEvent, sourceElement: part } = event.detail.ctx;
    if (sourceEvent?.type === 'toggle' && !sourceEvent.target.open) return event.preventDefault();
    if (!part?.dataset?.previewOf) return;
    if (sourceEvent?.type === 'input' && askedFor.get(part) === chosenFor(part)) return event.preventDefault();
    askedFor.set(part, chosenFor(part));
    lastOf.set(part, event.detail.ctx);
    hold(part, true);
  });
  // An answer that never came holds nothing: the page says that there was none.
  document.addEventListener('htmx:finally:request', ({ detail: { ctx } }) => {
    const part = ctx.sourceElement;
    if (lastOf.get(part) !== ctx) return;
    if (!ctx.response?.raw?.ok && part.dataset.unanswered) show(part, part.dataset.unanswered);
    hold(part, false);
  });
})();
