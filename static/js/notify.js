// Notifications of the browser, for who switched them on here: of operations that end while no page of ours is in view.
(() => {
  const part = document.querySelector('[data-notify]');
  if (!part) return;
  const ON = 'sailpass.notify';
  const NOTIFIED = 'sailpass.notified';
  const VISIBLE = 'sailpass.visible';
  const field = part.querySelector('input');
  const hint = part.querySelector('[data-hint]');
  const supported = 'Notification' in window && window.isSecureContext && 'locks' in navigator;
  const kept = (name, otherwise) => { try { return JSON.parse(localStorage.getItem(name)) ?? otherwise; } catch { return otherwise; } };
  function keep(name, value) { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* for this page only */ } }
  const isOn = () => supported && Notification.permission === 'granted' && kept(ON, false) === true;

  function show() {
    const denied = supported && Notification.permission === 'denied';
    field.disabled = !supported || denied;
    field.checked = isOn();
    hint.textContent = part.dataset[!supported ? 'unsupported' : denied ? 'denied' : 'explained'];
  }
  // A page in view says so to the others, which then leave the telling to it.
  let release = null;
  function holdWhileVisible() {
    release?.();
    release = null;
    if (document.hidden || !isOn()) return;
    navigator.locks.request(VISIBLE, { mode: 'shared' }, () => new Promise(resolve => { release = resolve; }));
  }
  function changed() {
    show();
    holdWhileVisible();
    document.dispatchEvent(new CustomEvent('sailpass:notify'));
  }
  field.addEventListener('change', async () => {
    // Browsers ask the person only after a click of theirs.
    if (field.checked && Notification.permission === 'default') await Notification.requestPermission();
    keep(ON, field.checked && Notification.permission === 'granted');
    changed();
  });
  addEventListener('storage', event => { if (event.key === ON) changed(); });
  document.addEventListener('visibilitychange', holdWhileVisible);
  addEventListener('pagehide', () => release?.());
  addEventListener('pageshow', event => { if (event.persisted) changed(); });

  async function notify(ending) {
    if (!isOn()) return;
    const { held } = await navigator.locks.query();
    const notified = kept(NOTIFIED, []);
    if (notified.includes(ending.id)) return;
    keep(NOTIFIED, [...notified, ending.id].slice(-100));
    if (!document.hidden || held.some(lock => lock.name === VISIBLE)) return; // told on that page
    try {
      const notification = new Notification(ending.title, { body: ending.text, tag: `sailpass-${ending.id}`, icon: part.dataset.icon });
      notification.addEventListener('click', () => {
        window.focus();
        notification.close();
        location.assign(ending.url);
      });
    } catch { /* some browsers of phones let only a service worker notify */ }
  }
  document.addEventListener('sailpass:ended', event => notify(event.detail));
  window.sailpass = { notifies: isOn };
  // It closes as a menu does.
  document.addEventListener('click', event => { if (!part.contains(event.target)) part.open = false; });
  part.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return;
    part.open = false;
    part.querySelector('summary').focus();
  });
  part.hidden = false;
  show();
  holdWhileVisible();
})();
