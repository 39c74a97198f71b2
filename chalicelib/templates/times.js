(() => {
  const page = document.documentElement, language = page.lang;
  let places, said;
  const find = () => {
    places = [...document.querySelectorAll("time[data-as]")];
    said = new Map(places.map(place => [place, place.textContent]));
  };
  find();
  const day = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {weekday: "short", day: "numeric", month: "short"});
  const clock = new Intl.DateTimeFormat(language, {hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short"});
  const ahead = new Intl.RelativeTimeFormat(language);
  const aheadOfUs = page.dataset.now ? new Date(page.dataset.now) - Date.now() : 0;
  const zones = document.getElementById("zones"), kept = "muster-zone";
  let isOwn = true;
  try { isOwn = localStorage.getItem(kept) !== "server" } catch {}
  const inOwn = (at, as) => as === "clock" ? clock.format(at)
    : page.dataset.moment.replace("{day}", day.format(at)).replace("{time}", clock.format(at));
  const left = at => {
    const seconds = Math.max(0, Math.floor((at - Date.now() - aheadOfUs) / 1000));
    const [size, unit] = [[86400, "day"], [3600, "hour"], [60, "minute"]].find(([size]) => seconds >= 2 * size) || [1, "second"];
    return ahead.format(Math.floor(seconds / size), unit);
  };
  const show = () => {
    for (const place of places) {
      const at = new Date(place.dateTime), as = place.dataset.as;
      if (as === "ahead") place.textContent = left(at);
      else place.textContent = isOwn ? inOwn(at, as) : said.get(place);
    }
    zones.textContent = isOwn ? zones.dataset.own : zones.dataset.server;
  };
  const tick = () => {
    for (const place of places) if (place.dataset.as === "ahead") {
      const words = left(new Date(place.dateTime));
      if (words !== place.textContent) place.textContent = words;
    }
  };
  if (places.some(place => place.dataset.as !== "ahead")) {
    zones.hidden = false;
    zones.onclick = () => {
      isOwn = !isOwn;
      try { localStorage.setItem(kept, isOwn ? "own" : "server") } catch {}
      show();
    };
  }
  show();
  document.addEventListener("swapped", () => { find(); show(); });
  setInterval(tick, 1000);
})();
