// A preview belongs to what is chosen in its form: another choice clears it at once, and renews it where it is open.
(() => {
  const shownFor = field => field.form ? [...field.form.querySelectorAll(`[data-preview-of~="${CSS.escape(field.name)}"]`)] : [];
  function clear(part) {
    const note = Object.assign(document.createElement('p'), { className: 'meta', textContent: part.dataset.cleared });
    part.replaceChildren(note);
  }
  document.addEventListener('input', event => { if (event.target.name) shownFor(event.target).forEach(clear); });
  document.addEventListener('change', event => {
    for (const part of event.target.name ? shownFor(event.target) : []) {
      clear(part);
      if (event.target.value && part.closest('details').open) htmx.trigger(part, 'renew');
    }
  });
})();
