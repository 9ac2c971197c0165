// A preview belongs to what is chosen in its form: another choice clears it at once, and renews it where it is open.
(() => {
  const shownFor = field => field.form ? [...field.form.querySelectorAll(`[data-preview-of~="${CSS.escape(field.name)}"]`)] : [];
  // Leaving a field tells of its change once more: what is asked for already stays, and nothing moves under the pointer.
  const askedFor = new WeakMap();
  function chosenFor(part) {
    const sent = new FormData(part.closest('form'));
    return JSON.stringify(part.dataset.previewOf.split(' ').map(name => sent.getAll(name)));
  }
  function clear(part) {
    askedFor.delete(part);
    htmx.trigger(part, 'htmx:abort', {}, false); // a late answer is about the choice before
    const text = part.dataset.cleared;
    part.replaceChildren(...text ? [Object.assign(document.createElement('p'), { className: 'meta', textContent: text })] : []);
  }
  document.addEventListener('input', event => { if (event.target.name) shownFor(event.target).forEach(clear); });
  document.addEventListener('change', event => {
    for (const part of event.target.name ? shownFor(event.target) : []) {
      if (askedFor.get(part) === chosenFor(part)) continue;
      clear(part);
      if (event.target.value && part.closest('details')?.open !== false) htmx.trigger(part, 'renew');
    }
  });
  // Only what was previewed is confirmed: another selection is previewed first.
  document.addEventListener('change', event => {
    const choices = event.target.closest('form.choices');
    const buttons = choices?.parentElement.querySelectorAll(':scope > form[method=post] .modal-foot [type=submit]');
    for (const button of buttons ?? []) button.disabled = true;
  });
  // What is fetched when it is opened is not fetched when it is closed.
  document.addEventListener('htmx:before:request', event => {
    const { sourceEvent, sourceElement: part } = event.detail.ctx;
    if (sourceEvent?.type === 'toggle' && !sourceEvent.target.open) return event.preventDefault();
    if (part?.dataset?.previewOf) askedFor.set(part, chosenFor(part));
  });
})();
