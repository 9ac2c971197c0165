// Lists of checkboxes: Shift selects a range, a button all that are listed, and a line says how many are selected.
(() => {
  for (const form of document.querySelectorAll('form[data-choose]')) {
    const boxes = [...form.querySelectorAll('input[name=repository]')];
    const everything = form.querySelector('input[name=everything]');
    const told = form.querySelector('[data-chosen]');
    const listed = form.querySelector('[data-choose-listed]');
    let last = null;

    function show() {
      const count = boxes.filter(box => box.checked).length;
      for (const box of boxes) box.disabled = everything.checked;
      told.textContent = everything.checked || !count ? '' : told.dataset.chosen.replace('{count}', count);
    }
    form.addEventListener('click', event => {
      const box = event.target;
      if (!boxes.includes(box)) return;
      if (event.shiftKey && last) {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
      }
      last = box;
    });
    form.addEventListener('change', show);
    listed.hidden = false;
    listed.addEventListener('click', () => {
      const all = boxes.every(box => box.checked);
      for (const box of boxes) box.checked = !all;
      show();
    });
    // Browsers put the selection back after this, when the reader comes back to the page.
    addEventListener('pageshow', show);
  }
})();
