// Before anything is painted: the colours that this person chose, so that a dark page does not flash white. A file of its own, because the
// Content-Security-Policy allows no script inside the page.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('policylayer-colours');
  } catch {
    chosen = null;
  }
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
