(() => {
  const every = 60000;
  let asked = Date.now(), busy = false;
  const refresh = async () => {
    if (busy || document.hidden) return;
    busy = true;
    asked = Date.now();
    try {
      const main = document.querySelector("main");
      const answer = await fetch(location.href, {headers: {"Accept": "text/html", "If-None-Match": main.dataset.etag}, cache: "no-store"});
      if (answer.status === 200) swap(main, new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main"));
    } catch {} finally { busy = false; }
  };
  const swap = (main, fresh) => {
    const open = [...main.querySelectorAll("details[open]")].map(one => one.id);
    const place = main.contains(document.activeElement) && document.activeElement.closest("[id]");
    main.dataset.etag = fresh.dataset.etag;
    main.replaceChildren(...fresh.childNodes);
    for (const id of open) if (document.getElementById(id)) document.getElementById(id).open = true;
    document.dispatchEvent(new Event("swapped"));
    const again = place && document.getElementById(place.id);
    if (again) (again.querySelector(":scope > summary") || again).focus({preventScroll: true});
  };
  document.addEventListener("click", event => {
    if (event.target.id !== "refresh") return;
    event.preventDefault();
    refresh();
  });
  document.addEventListener("visibilitychange", () => { if (Date.now() - asked >= every) refresh(); });
  if (performance.getEntriesByType("navigation")[0]?.transferSize === 0) refresh(); // the browser's own copy
  setInterval(() => { if (Date.now() - asked >= every) refresh(); }, 5000);
})();
