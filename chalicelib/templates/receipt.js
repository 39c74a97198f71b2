(() => {
  const forms = `muster-ticks:${location.pathname.replace(/\/receipt$/, "")}:`;
  try { for (const name of Object.keys(sessionStorage)) if (name.startsWith(forms)) sessionStorage.removeItem(name) } catch {}
})();
