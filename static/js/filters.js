// A list's filter: what was chosen before htmx listened was not heard, and what a browser puts back into a form is not
// either.
(() => {
  const asSent = ({ options }) => [...options].find(option => option.defaultSelected) ?? options[0];
  const isChanged = field => {
    if (field.type === 'checkbox') return field.checked !== field.defaultChecked;
    if (field.options) return field.selectedOptions[0] !== asSent(field);
    return field.type === 'search' && field.value !== field.defaultValue;
  };
  addEventListener('pageshow', () => setTimeout(() => {
    for (const form of document.querySelectorAll('form[data-address]')) {
      if ([...form.elements].some(isChanged)) form.dispatchEvent(new Event('input', { bubbles: true }));
    }
  }));
})();
